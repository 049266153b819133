import { startTestNats, type TestNats } from '@opensync/testkit';
import { headers } from '@nats-io/transport-node';
import { connectLog, type LogConnection } from '../connection.ts';
import type { HeldMessage } from '../consume/delivery.ts';
import { CONSUMER } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { DeadLetters } from './dead-letters.ts';

let server: TestNats;
let nc: LogConnection;
let letters: DeadLetters;

beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  letters = new DeadLetters(nc);
});
afterEach(async () => {
  await nc.close();
  await server.stop();
});

describe('dead letters', () => {
  const consumer = CONSUMER.search.durable;
  const bury = (sequence: number, documentId?: string) => {
    const data = Buffer.from(`change ${sequence}`);
    const message = { sequence, subject: 'osk.changes.w.u', attempts: 1, data, headers: headers() };
    return letters.bury(message as unknown as HeldMessage, {
      ...{ consumer, kind: 'refused', reason: `refused at ${sequence}` },
      ...(documentId !== undefined && { documentId }),
    });
  };

  it('keeps the newest letter about a document that is rejected repeatedly, and every letter about a message', async () => {
    for (let sequence = 1; sequence <= 5; sequence++) {
      await bury(sequence, 'msg_a');
      await bury(sequence, 'msg_b');
      await bury(100 + sequence);
    }
    const kept = await letters.list();
    expect(kept.map(({ originalSequence, documentId }) => [originalSequence, documentId])).toEqual([
      [101, undefined],
      [102, undefined],
      [103, undefined],
      [104, undefined],
      [5, 'msg_a'],
      [5, 'msg_b'],
      [105, undefined],
    ]);
    expect(await letters.about(consumer, 'msg_a')).toMatchObject({ reason: 'refused at 5', originalSequence: 5 });
  });
});
