import { setTimeout as delay } from 'node:timers/promises';
import { connect, errors, type NatsConnection } from '@nats-io/transport-node';
import { ConfigError } from '@opensync/platform';

export interface ConnectOptions {
  readonly servers: string | readonly string[];
  readonly token?: string | undefined;
  /** Shown in the server's monitoring. */
  readonly name: string;
  /** How long the first connection is tried. Afterwards it reconnects for ever. */
  readonly firstConnectMs?: number;
}

const RETRY_MS = 250;

/**
 * Connects to NATS. A connection that is lost later is made again, for as long as it takes: whoever uses it sees
 * refused publishes and pauses, never a closed connection.
 * @throws ConfigError naming NATS_URL or NATS_TOKEN, and what to do, when the first connection fails
 */
export async function connectLog(options: ConnectOptions): Promise<NatsConnection> {
  const { token } = options;
  const named = typeof options.servers === 'string' ? options.servers.split(',') : [...options.servers];
  const servers = named.map((server) => server.trim());
  const deadline = performance.now() + (options.firstConnectMs ?? 10_000);
  for (;;) {
    try {
      return await connect({
        servers,
        name: options.name,
        ...(token !== undefined && { token }),
        maxReconnectAttempts: -1,
        // A token may be wrong for the moment that an embedded server is being replaced; giving up would be for good.
        ignoreAuthErrorAbort: true,
        reconnectTimeWait: RETRY_MS,
        reconnectJitter: RETRY_MS / 2,
        // A peer that vanished without closing is noticed after 2 × 10 s, not after the default 4 minutes.
        pingInterval: 10_000,
        // Building a stack for every request, in case it fails, costs more than the request.
        noAsyncTraces: true,
      });
    } catch (cause) {
      const isRefused = cause instanceof errors.AuthorizationError;
      if (isRefused || performance.now() > deadline) throw new ConfigError(problemOf(cause, servers, token), { cause });
      await delay(RETRY_MS);
    }
  }
}

/** What is wrong, by the name of the setting, and what to do about it, in one line. */
function problemOf(cause: unknown, servers: readonly string[], token: string | undefined): string {
  const where = servers.map(withoutCredentials).join(', ');
  if (cause instanceof errors.AuthorizationError) {
    const refusal = token === undefined ? 'asks for a token' : 'refuses it';
    return `NATS_TOKEN: the server at ${where} ${refusal}; set the one of its authorization block`;
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return (
    `NATS_URL: cannot connect to ${where} (${reason}); is it running, with \`nats-server -js\`? ` +
    'Without NATS_URL the all-in-one starts a server of its own'
  );
}

function withoutCredentials(server: string): string {
  return server.replace(/\/\/[^/@]*@/, '//');
}

/** Whether a connection is up, told to whoever must act when that changes. One per connection, ends with it. */
export class Link {
  static readonly #links = new WeakMap<NatsConnection, Link>();
  readonly #listeners = new Set<(up: boolean) => void>();
  #up: boolean;
  #changedAt = Date.now();

  static of(nc: NatsConnection): Link {
    let link = Link.#links.get(nc);
    if (!link) Link.#links.set(nc, (link = new Link(nc)));
    return link;
  }

  private constructor(nc: NatsConnection) {
    this.#up = nc.info !== undefined;
    void this.#follow(nc);
  }

  get up(): boolean {
    return this.#up;
  }

  /** Since when it is as it is; milliseconds since the epoch. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** Returns what ends the subscription. */
  onChange(listener: (up: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #follow(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) {
      if (type === 'disconnect') this.#set(false);
      else if (type === 'reconnect') this.#set(true);
    }
    this.#set(false);
  }

  #set(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    this.#changedAt = Date.now();
    for (const listener of [...this.#listeners]) listener(up);
  }
}
