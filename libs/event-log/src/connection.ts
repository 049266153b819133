import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { answerSubject } from '@opensync/contracts';
import { connect, createInbox, errors, type NatsConnection, type NatsConnectionImpl } from '@nats-io/transport-node';
import { ConfigError, type NatsServer, parseNatsServers, reasonOf, retrying } from '@opensync/platform';
import { Link } from './link.ts';
import { PayloadTraffic } from './payloads/traffic.ts';
import { Acceptance } from './publish/acceptance.ts';
import type { Topology } from './topology/topology.ts';

export interface ConnectOptions {
  /** One or several, as in NATS_URL. */
  readonly servers: string;
  /** The servers without credentials. */
  readonly token?: string | undefined;
  /** Prefix of the subjects of answers; default `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
  /** Shown in the server's monitoring. */
  readonly name: string;
  /** How long the first connection is attempted. Afterwards the client reconnects indefinitely. */
  readonly firstConnectMs?: number;
}

const RETRY_MS = 250;
const CONNECT_MS = 3000;
const FIRST_CONNECT_OF_LANE_MS = 2000;
/** If there is another server, a hanging one is abandoned after 2 to 3 s. */
const PING_OF_SEVERAL_MS = 1000;
/** With a single server there is no hurry, and on a slow link an answer may wait behind megabytes of messages. */
const PING_OF_ONE_MS = 10_000;

/** A connection to the log, with everything that its users share. `connectLog` makes it; functions and constructors take it. */
export interface LogConnection extends NatsConnection {
  /** Whether it is up. */
  readonly link: Link;
  /**
   * A new subject for answers, which the user of this connection may subscribe to; those to a request of another process
   * are apart from those of JetStream, and named after its subject.
   */
  readonly inbox: (request?: string) => string;
  /** Whether the log takes what is published over it. */
  readonly acceptance: Acceptance;
  /** The limits of large content that is read and stored over it. */
  readonly payloads: PayloadTraffic;
  /** What keeps streams and consumers in place; undefined in a process that does not, like a command. `openLog` sets it. */
  topology?: Topology;
}

/**
 * Connects to the first server that answers. A lost connection reconnects, however long it takes: its users see
 * rejected publishes and pauses, never a closed connection.
 * @throws ConfigError naming NATS_URL or NATS_TOKEN, and what to do, if the first connection fails
 */
export async function connectLog(options: ConnectOptions): Promise<LogConnection> {
  const servers = serversOf(options.servers);
  const login = loginOf(servers, options.token);
  const attempt = () =>
    connect({
      servers: servers.map(({ address }) => address),
      name: options.name,
      ...(options.inboxPrefix !== undefined && { inboxPrefix: options.inboxPrefix }),
      ...login,
      // The client ignores the scheme: without this check it would send a password unencrypted.
      ...(servers.some(({ tls }) => tls) && { tls: {} }),
      maxReconnectAttempts: -1,
      // The token may be wrong while an embedded server is being replaced; giving up would be permanent.
      ignoreAuthErrorAbort: true,
      // A hanging server accepts the connection and stays silent.
      timeout: CONNECT_MS,
      reconnectTimeWait: RETRY_MS,
      reconnectJitter: RETRY_MS / 2,
      // A peer that hangs or vanished without closing is detected after two unanswered pings; the default takes 4
      // minutes.
      pingInterval: servers.length > 1 ? PING_OF_SEVERAL_MS : PING_OF_ONE_MS,
      maxPingOut: 2,
      // Capturing a stack for every request, in case it fails, costs more than the request.
      noAsyncTraces: true,
    });
  try {
    const nc = await retrying(attempt, {
      firstPauseMs: RETRY_MS,
      longestPauseMs: RETRY_MS,
      withinMs: options.firstConnectMs ?? 10_000,
      isRetried: (error) => !(error instanceof errors.AuthorizationError),
    });
    closeQuietly(nc);
    const link = new Link(nc);
    const openLane = async (lane: string) => {
      const name = `${options.name} ${lane}`;
      const side = await connectLog({ ...options, name, firstConnectMs: FIRST_CONNECT_OF_LANE_MS });
      void nc.closed().then(() => side.close());
      return side;
    };
    return Object.assign(nc, {
      link,
      inbox: (request?: string) =>
        request === undefined
          ? createInbox(options.inboxPrefix)
          : answerSubject(options.inboxPrefix ?? '_INBOX', request, randomBytes(16).toString('hex')),
      acceptance: new Acceptance(nc, link),
      payloads: new PayloadTraffic(link, openLane),
    });
  } catch (cause) {
    throw new ConfigError(problemOf(cause, servers, login), { cause });
  }
}

/**
 * nats.js removes its listeners from the socket when it closes. If the server has gone away just before, the socket still has
 * a failed write to report, and an error without a listener ends the process.
 */
function closeQuietly(nc: NatsConnection): void {
  const close = nc.close.bind(nc);
  nc.close = async () => {
    const { socket } = (nc as NatsConnectionImpl).protocol.transport as { socket?: Socket };
    await close();
    socket?.on('error', () => undefined);
  };
}

function serversOf(list: string): NatsServer[] {
  const servers = parseNatsServers(list);
  if (!servers) throw new ConfigError('NATS_URL: the value is not a list of NATS servers');
  return servers;
}

/** The client sends the same login to every server. */
interface Login {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

/** @throws ConfigError if the settings name several users */
function loginOf(servers: readonly NatsServer[], token: string | undefined): Login {
  const given = servers.filter((server) => server.user !== undefined || server.token !== undefined);
  const [first, ...others] = given;
  if (!first) return token === undefined ? {} : { token };
  if (token !== undefined) {
    throw new ConfigError('NATS_TOKEN: NATS_URL already has a user; set only one of them');
  }
  const isSame = (other: NatsServer) =>
    other.user === first.user && other.password === first.password && other.token === first.token;
  if (!others.every(isSame)) {
    throw new ConfigError('NATS_URL: has several users; set one user for all servers, at the first of them');
  }
  return first.token === undefined ? { user: first.user!, pass: first.password! } : { token: first.token };
}

/** The problem, starting with the name of the setting, and what to do about it, in one line without credentials. */
function problemOf(cause: unknown, servers: readonly NatsServer[], login: Login): string {
  const where = servers.map(({ address }) => address).join(', ');
  if (cause instanceof errors.AuthorizationError) {
    const isInUrl = servers.some((server) => server.user !== undefined || server.token !== undefined);
    if (isInUrl) {
      const what = login.user === undefined ? 'token' : 'user and password';
      return `NATS_URL: the server at ${where} refuses the ${what} in it; use the ${what} from the server's authorization block`;
    }
    if (login.token !== undefined) {
      return `NATS_TOKEN: the server at ${where} refuses it; use the token from the server's authorization block`;
    }
    return (
      `NATS_TOKEN: the server at ${where} asks for a token; use the token from the server's authorization block ` +
      'or, if it has users, set NATS_URL=nats://user:password@…'
    );
  }
  return (
    `NATS_URL: cannot connect to ${where} (${reasonOf(cause)}); is it running, with \`nats-server -js\`? ` +
    'Without NATS_URL the all-in-one starts a server of its own'
  );
}
