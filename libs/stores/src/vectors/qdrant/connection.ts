import { ConfigError } from '@opensync/platform';
import { QdrantClient } from '@qdrant/js-client-rest';
import { UnfitServerError } from '../../description.ts';
import { answerOf, statusOf } from './errors.ts';

export interface QdrantServer {
  readonly url: string;
  readonly apiKey?: string | undefined;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** How long the server may work on a search: a person waits, and the other side of a hybrid search can answer alone. */
export const SEARCH_SECONDS = 2;
/** The same, and time for the answer to arrive. */
export const SEARCH_TIMEOUT_MS = SEARCH_SECONDS * 1_000 + 500;

/** Older servers silently ignore `update_filter`: older vectors would overwrite newer ones. */
const OLDEST: readonly [major: number, minor: number] = [1, 16];

/** @throws ConfigError if the URL is invalid */
export function qdrantClient({ url, apiKey }: QdrantServer, timeout = REQUEST_TIMEOUT_MS): QdrantClient {
  const { protocol, hostname, pathname } = parse(url);
  return new QdrantClient({
    url: `${protocol}//${hostname}`,
    port: portOf(url),
    prefix: pathname.replace(/\/+$/, ''),
    // Not `apiKey`: with it, the client prints a warning if the connection is not encrypted, as within a cluster.
    ...(apiKey && { headers: { 'api-key': apiKey } }),
    timeout,
    checkCompatibility: false,
  });
}

/** For people: the address without what may be secret. */
export function locationOf(url: string): string {
  const { protocol, hostname, pathname } = parse(url);
  return `${protocol}//${hostname}:${portOf(url)}${pathname.replace(/\/+$/, '')}`;
}

/**
 * The server's version, after checking that the adapter works correctly with it.
 * @throws UnfitServerError naming the setting; StoreUnavailableError while the server does not answer
 */
export async function checkServer(client: QdrantClient, location: string): Promise<string> {
  let version: unknown;
  try {
    ({ version } = await answerOf(() => client.versionInfo()));
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined && status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status)) {
      throw new UnfitServerError(`QDRANT_URL: the server at ${location} is not Qdrant`);
    }
    throw error;
  }
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(String(version)) ?? [];
  if (major === undefined) throw new UnfitServerError(`QDRANT_URL: the server at ${location} is not Qdrant`);
  const [oldestMajor, oldestMinor] = OLDEST;
  if (Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor)) {
    throw new UnfitServerError(
      `QDRANT_URL: the server at ${location} is Qdrant ${String(version)}; use ${OLDEST.join('.')} or later`,
    );
  }
  return String(version);
}

/** As in Qdrant's own clients, 6333 if the URL names none; `URL` hides a port that is the scheme's default. */
function portOf(url: string): number {
  const [, port] = /^[a-z]+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/i.exec(url) ?? [];
  return port === undefined ? 6333 : Number(port);
}

function parse(url: string): URL {
  const parsed = URL.parse(url);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new ConfigError('QDRANT_URL: must be like http://host:6333');
  }
  return parsed;
}
