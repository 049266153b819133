import fc from 'fast-check';
import { clientAddress, parseProxies } from './client-address.ts';

const request = (remoteAddress: string | undefined, forwarded?: string | string[]) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as Parameters<
    typeof clientAddress
  >[0];
const address = (proxies: string, remote: string, forwarded?: string | string[]) =>
  clientAddress(request(remote, forwarded), parseProxies(proxies)!);

describe('the address of a client', () => {
  it.each<[string, string, string, string | string[] | undefined, string]>([
    ['nobody is a proxy', '', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['the proxy says it', '10.0.0.2', '10.0.0.2', '198.51.100.1', '198.51.100.1'],
    ['the client made up another', '10.0.0.2', '10.0.0.2', '1.2.3.4, 198.51.100.1', '198.51.100.1'],
    ['several proxies', '10.0.0.0/8,192.0.2.1', '10.0.0.2', '198.51.100.1, 192.0.2.1, 10.9.9.9', '198.51.100.1'],
    ['several headers', 'private', '172.18.0.3', ['1.2.3.4', '198.51.100.1'], '198.51.100.1'],
    ['through an IPv6 socket', 'loopback', '::ffff:127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['the proxy says nonsense', 'loopback', '127.0.0.1', '198.51.100.1, unknown', '127.0.0.1'],
    ['the proxy says nothing', 'loopback', '127.0.0.1', undefined, '127.0.0.1'],
    ['only proxies', 'private', '10.0.0.2', '10.0.0.3', '10.0.0.3'],
    ['a whole IPv6 network', 'loopback', '::1', '2001:db8:0:1:aaaa::1', '2001:db8:0:1::/64'],
    ['IPv6, written short', '', '2001:db8::1', undefined, '2001:db8:0:0::/64'],
    ['IPv6 with leading zeros and a zone', '', 'fe80:0000::00ab%eth0', undefined, 'fe80:0:0:0::/64'],
    ['IPv6 with IPv4 at its end', '', '64:ff9b::192.0.2.1', undefined, '64:ff9b:0:0::/64'],
  ])('is correct if %s', (_name, proxies, remote, forwarded, expected) => {
    expect(address(proxies, remote, forwarded)).toBe(expected);
  });

  it('is the same for all addresses of a /64 network, in any notation', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 8, maxLength: 8 }),
        fc.array(group, { minLength: 4, maxLength: 4 }),
        (all, others) => {
          const written = (groups: readonly number[]) => groups.map((one) => one.toString(16)).join(':');
          const short = new URL(`http://[${written(all)}]`).hostname.slice(1, -1);
          const network = address('', written(all));
          expect(address('', short)).toBe(network);
          expect(address('', written([...all.slice(0, 4), ...others]))).toBe(network);
        },
      ),
    );
  });

  it('is never taken from a header if the sender is not a proxy', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.oneof(fc.string(), fc.ipV4()), (remote, forwarded) => {
        expect(address('192.0.2.0/24', remote, forwarded)).toBe(
          remote.startsWith('192.0.2.') ? expect.anything() : remote,
        );
      }),
    );
  });

  it.each(['10.0.0.0/33', '10.0.0', 'edge', '10.0.0.1/', '::1/129', '10.0.0.0/8/8', 'private loopback'])(
    'rejects a list of proxies: %s',
    (list) => expect(parseProxies(list)).toBeUndefined(),
  );
});
