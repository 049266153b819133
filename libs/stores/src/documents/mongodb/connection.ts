import { ConfigError } from '@opensync/platform';
import {
  MongoClient,
  MongoCompatibilityError,
  MongoInvalidArgumentError,
  MongoMissingCredentialsError,
  MongoParseError,
  MongoServerError,
  MongoServerSelectionError,
  type Db,
  type MongoClientOptions,
} from 'mongodb';
import { UnfitServerError } from '../../description.ts';
import { toStoreError } from './errors.ts';

export interface MongoLocation {
  readonly url: string;
  /** Default: the one in the URL's path, otherwise `opensync`. */
  readonly database?: string;
}

export interface MongoConnection {
  readonly client: MongoClient;
  readonly database: Db;
  /** For people, e.g. `MongoDB 8.0.4`. */
  readonly engine: string;
  /** Hosts and database, without credentials. */
  readonly location: string;
}

/**
 * Defaults for options that the URL does not set. A dead server is noticed in seconds, a hanging one within half a
 * minute.
 */
const DEFAULTS: MongoClientOptions = {
  appName: 'opensync',
  connectTimeoutMS: 5_000,
  serverSelectionTimeoutMS: 5_000,
  socketTimeoutMS: 30_000,
};

const OLDEST_MAJOR = 5;

/** Codes of a server that rejects our credentials: Unauthorized, AuthenticationFailed, and AtlasError for both. */
const REFUSED = new Set<unknown>([13, 18, 8000]);

/**
 * Connects, and checks that the adapter works correctly on the server.
 * @throws ConfigError naming MONGODB_URL if the URL is invalid; UnfitServerError if the credentials or the server's
 * version are
 * @throws StoreUnavailableError if the server does not answer
 */
export async function connectMongo({ url, database }: MongoLocation): Promise<MongoConnection> {
  let client: MongoClient | undefined;
  try {
    client = new MongoClient(url, { ...defaultsFor(url), ignoreUndefined: true });
    const name = database ?? databaseIn(url) ?? 'opensync';
    const { hosts, srvHost, writeConcern } = client.options;
    const db = client.db(name, {
      // Saved means durable: the events are acknowledged afterwards and are not delivered again.
      writeConcern: writeConcern ?? { w: 'majority', journal: true },
      // A rollup must count what earlier winners counted, and a client that waited for a write must see it.
      readPreference: 'primary',
    });
    await client.connect();
    const engine = engineOf(await db.command({ buildInfo: 1 }));
    return { client, database: db, engine, location: `mongodb://${srvHost ?? hosts.join(',')}/${name}` };
  } catch (error) {
    // No server was involved yet: the URL alone is at fault.
    if (!client) throw urlError(error as Error, url);
    await client.close();
    throw openingError(error, url);
  }
}

/** @throws UnfitServerError if the server is too old, or known to give wrong results. */
function engineOf({ version, ferretdb, ferretdbVersion }: Record<string, unknown>): string {
  // Only version 1 reports this. Its $group computes the first sum and leaves the others at zero, without an error.
  if (ferretdbVersion !== undefined) {
    throw new UnfitServerError(
      `MONGODB_URL: FerretDB 1 calculates sums incorrectly; use FerretDB 2 or MongoDB ${OLDEST_MAJOR}.0 or later`,
    );
  }
  const ferret = /\d+(\.\d+)+/.exec(String((ferretdb as { version?: unknown } | undefined)?.version))?.[0];
  if (ferret !== undefined) return `FerretDB ${ferret}`;
  if (!(Number.parseInt(String(version), 10) >= OLDEST_MAJOR)) {
    throw new UnfitServerError(`MONGODB_URL: the server is MongoDB ${String(version)}; use ${OLDEST_MAJOR}.0 or later`);
  }
  return `MongoDB ${String(version)}`;
}

/** The error of an opening: a ConfigError if a setting is at fault, otherwise as {@link toStoreError}. */
export function openingError(error: unknown, url: string): unknown {
  if (error instanceof ConfigError) return error;
  // The driver finds out during server selection, and reports that no server could be selected.
  const reason = error instanceof MongoServerSelectionError ? error.cause : error;
  if (reason instanceof MongoCompatibilityError) {
    return new UnfitServerError(`MONGODB_URL: the server is too old; use MongoDB ${OLDEST_MAJOR}.0 or later`);
  }
  if (error instanceof MongoServerError && REFUSED.has(error.code)) {
    return new UnfitServerError(
      'MONGODB_URL: the server rejected the user; check user, password and authSource, and that the user has readWrite on the database',
    );
  }
  // CommandNotFound
  if (error instanceof MongoServerError && error.code === 59 && error.message.includes('sasl')) {
    return new UnfitServerError('MONGODB_URL: the server has no users; leave user and password out');
  }
  // InvalidNamespace
  if (error instanceof MongoServerError && error.code === 73) {
    return new UnfitServerError('MONGODB_URL: the server rejected the database name, which is the path of the URL');
  }
  return isAboutUrl(error) ? urlError(error, url) : toStoreError(error);
}

function urlError({ message }: Error, url: string): ConfigError {
  return new ConfigError(
    `MONGODB_URL: ${withoutCredentials(message, url)}; use the form mongodb://user:password@host:27017/opensync`,
  );
}

function isAboutUrl(error: unknown): error is Error {
  if (error instanceof MongoParseError || error instanceof MongoInvalidArgumentError) return true;
  if (error instanceof MongoMissingCredentialsError) return true;
  // The connection string parser is a separate package with its own error class.
  return error instanceof Error && (error.name === 'MongoParseError' || 'input' in error);
}

/** The driver's message on one line, without the part of the URL between `//` and `@`. */
function withoutCredentials(message: string, url: string): string {
  const credentials = /^[^/]*\/\/(.*)@/.exec(url)?.[1] ?? '';
  return [url, credentials, ...credentials.split(':')]
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text.replaceAll(secret, '…'), message)
    .replaceAll(/\s+/g, ' ');
}

function defaultsFor(url: string): MongoClientOptions {
  const set = (name: string) => new RegExp(`[?&]${name}=`, 'i').test(url);
  return Object.fromEntries(Object.entries(DEFAULTS).filter(([name]) => !set(name)));
}

/** The database in the path; the driver's own answer does not distinguish none from `test`. */
function databaseIn(url: string): string | undefined {
  const path = /^[^/]*\/\/[^/?]*\/([^?]+)/.exec(url)?.[1];
  return path && decodeURIComponent(path);
}
