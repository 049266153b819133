import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { shareLookups } from './shared-lookups.ts';

type Answer = (error: Error | null, address?: string, family?: number) => void;

function slow() {
  const pending: { name: string; options: unknown; answer: Answer }[] = [];
  const module = {
    lookup: (name: string, options: unknown, answer: Answer) => void pending.push({ name, options, answer }),
  };
  shareLookups(module);
  return { pending, lookup: module.lookup };
}

it('asks once for all who want the same name meanwhile, and again afterwards', () => {
  const { pending, lookup } = slow();
  const answers: unknown[] = [];
  const take: Answer = (...answer) => void answers.push(answer);
  for (let count = 0; count < 3; count++) lookup('gone', { all: false }, take);
  lookup('gone', { all: true }, take);
  lookup('there', { all: false }, take);
  expect(pending.map(({ name }) => name)).toEqual(['gone', 'gone', 'there']);
  const error = new Error('EAI_AGAIN');
  pending[0]!.answer(error);
  expect(answers).toEqual([[error], [error], [error]]);
  pending[2]!.answer(null, '10.0.0.1', 4);
  expect(answers.at(-1)).toEqual([null, '10.0.0.1', 4]);
  lookup('gone', { all: false }, take);
  expect(pending).toHaveLength(4);
});

it('lets a waiting caller ask again from its answer', () => {
  const { pending, lookup } = slow();
  let again = 0;
  lookup('name', {}, () => lookup('name', {}, () => again++));
  pending[0]!.answer(null, '10.0.0.1', 4);
  pending[1]!.answer(null, '10.0.0.1', 4);
  expect(again).toBe(1);
});

it('is what sockets use, and what promisify knows', async () => {
  const { lookup } = dns;
  let asked = 0;
  const counted = Object.assign(
    ((...args: Parameters<typeof lookup>) => (asked++, lookup(...args))) as typeof lookup,
    lookup,
  );
  dns.lookup = counted;
  shareLookups();
  const server = createServer((socket) => socket.end()).listen(0);
  try {
    await once(server, 'listening');
    const sockets = [1, 2].map(() => connect((server.address() as AddressInfo).port, 'localhost').resume());
    await Promise.all(sockets.map((socket) => once(socket, 'close')));
    expect(asked).toBe(1);
  } finally {
    dns.lookup = lookup;
    server.close();
  }
  const module = { lookup };
  shareLookups(module);
  expect(await promisify(module.lookup)('127.0.0.1')).toEqual({ address: '127.0.0.1', family: 4 });
});
