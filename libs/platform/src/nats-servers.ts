/** A NATS server of a list such as NATS_URL, and its credentials. */
export interface NatsServer {
  /** Without credentials: for the client, which parses them incorrectly, and for people. */
  readonly address: string;
  /** Requires encryption. */
  readonly tls: boolean;
  readonly user?: string;
  readonly password?: string;
  /** As in other NATS clients, a user name without a password is a token. */
  readonly token?: string;
}

export const NATS_SCHEMES: readonly string[] = ['nats:', 'tls:'];

/**
 * The servers of a comma-separated list. A server without a scheme needs a port: a single word is more often a
 * mistake than a host name. Undefined if one of them is invalid.
 */
export function parseNatsServers(list: string): NatsServer[] | undefined {
  const servers = list.split(',').map((part) => parseNatsServer(part.trim()));
  return servers.every((server) => server !== undefined) ? servers : undefined;
}

function parseNatsServer(text: string): NatsServer | undefined {
  const hasScheme = text.includes('://');
  const url = URL.parse(hasScheme ? text : `nats://${text}`);
  if (!url || url.hostname === '' || !NATS_SCHEMES.includes(url.protocol)) return undefined;
  if (!hasScheme && url.port === '') return undefined;
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') return undefined;
  const server = { address: `${url.protocol}//${url.host}`, tls: url.protocol === 'tls:' };
  try {
    const user = decodeURIComponent(url.username);
    if (user === '') return url.password === '' ? server : undefined;
    if (url.password === '') return { ...server, token: user };
    return { ...server, user, password: decodeURIComponent(url.password) };
  } catch {
    return undefined; // a `%` without two digits
  }
}
