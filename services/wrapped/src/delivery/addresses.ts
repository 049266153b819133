import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';

export interface Address {
  readonly address: string;
  readonly family: number;
}
export type Resolve = (host: string) => Promise<readonly Address[]>;

export const resolveHost: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/**
 * Whether an address is public: not this machine, its networks, those of providers, cloud metadata, or an address
 * of the other family that stands for one of these.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ipaddr.process(address).range() === 'unicast';
}

/**
 * The address to connect to: the name is not resolved again, so that another answer cannot lead elsewhere.
 * @throws Error unless all of its addresses may be reached
 */
export async function publicAddress(host: string, resolve: Resolve): Promise<Address> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const found = await resolve(bare).catch(() => []);
  const [first] = found;
  if (!first) throw new Error(`${host} has no address`);
  if (!found.every(({ address }) => isPublic(address))) throw new Error(`${host} is not a public host`);
  return first;
}
