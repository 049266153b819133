import { BlockList, isIP, type Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The proxies of a list of addresses, networks such as 10.1.0.0/16, `loopback` and `private`, separated by commas; undefined if it
 * is not such a list.
 */
export function parseProxies(list: string): BlockList | undefined {
  const proxies = new BlockList();
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const network of names.flatMap((name) => NAMED[name] ?? [name])) {
    const [address = '', bits, ...rest] = network.split('/');
    const family = isIP(address);
    if (family === 0 || rest.length > 0) return undefined;
    const longest = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
    if (!(prefix >= 0 && prefix <= longest)) return undefined;
    proxies.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return proxies;
}

/**
 * The origin of a request, for counting: an IPv4 address, or the /64 network of an IPv6 address, which belongs to one
 * customer. `X-Forwarded-For` counts only as far as known proxies have written it: a client may send anything.
 */
export function clientAddress(
  { socket, headers }: Pick<FastifyRequest, 'socket' | 'headers'>,
  proxies: BlockList,
): string {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  let address = plain(socket.remoteAddress ?? '');
  while (forwarded.length > 0 && isIn(proxies, address)) {
    const before = plain(forwarded.pop()!.trim());
    if (isIP(before) === 0) break;
    address = before;
  }
  return counted(address);
}

/** The origin of a connection, for counting; undefined if it is one of these proxies, or closed already. */
export function peerAddress({ remoteAddress }: Pick<Socket, 'remoteAddress'>, proxies: BlockList): string | undefined {
  if (remoteAddress === undefined) return undefined;
  const address = plain(remoteAddress);
  return isIn(proxies, address) ? undefined : counted(address);
}

/** The /64 network of an IPv6 address, which belongs to one customer. */
function counted(address: string): string {
  return isIP(address) === 6 ? networkOf(address) : address;
}

const LOOPBACK = parseProxies('loopback')!;
/** What proxies add. A request with one of them comes from elsewhere. */
const FORWARDED = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
] as const;
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Whether a program on this machine asks, and asks us: not a proxy for somebody else, nor a page in a browser of this machine,
 * which has an `Origin` or, if the name of its site was pointed here, that name.
 */
export function isDirectLocal({ socket, headers }: Pick<FastifyRequest, 'socket' | 'headers'>): boolean {
  return (
    isIn(LOOPBACK, plain(socket.remoteAddress ?? '')) &&
    headers.origin === undefined &&
    LOOPBACK_HOST.test(headers.host ?? 'localhost') &&
    FORWARDED.every((name) => headers[name] === undefined)
  );
}

/** An IPv4 address, even if it comes through an IPv6 socket. */
function plain(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

function isIn(proxies: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && proxies.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** The first 64 bits of an IPv6 address, in a canonical form. */
function networkOf(address: string): string {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  // `::` stands for groups of zeros; an IPv4 address at the end stands for two groups.
  const behind = tail === undefined ? [] : groups(tail);
  const size = (all: readonly string[]) => all.length + Number(all.at(-1)?.includes('.') ?? false);
  const zeros = tail === undefined ? 0 : 8 - size(groups(head)) - size(behind);
  const all = [...groups(head), ...Array<string>(zeros).fill('0'), ...behind];
  const first = all.slice(0, 4).map((group) => parseInt(group, 16).toString(16));
  return `${first.join(':')}::/64`;
}
