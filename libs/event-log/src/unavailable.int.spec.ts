import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { isRetryable } from '@opensync/platform';
import { startTestNats } from '@opensync/testkit';
import { connectLog } from './connection.ts';
import { reconcileTopology } from './topology/reconcile.ts';
import { orUnavailable } from './unavailable.ts';

it('makes retryable what may pass, and nothing else', async () => {
  await using server = await startTestNats();
  const nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  const client = jetstream(nc);
  const manager = await jetstreamManager(nc);
  await manager.streams.update('DLQ', { max_msg_size: 100 });
  const retryable = (work: () => Promise<unknown>) =>
    orUnavailable(nc, work).then(
      () => 'no error',
      (error: unknown) => isRetryable(error),
    );

  expect(await retryable(() => client.publish('osk.dlq.x', 'x'.repeat(200)))).toBe(false);
  expect(await retryable(() => client.publish('osk.dlq.x', 'x'.repeat(2 * 1024 * 1024)))).toBe(false);
  expect(await retryable(async () => JSON.parse('{'))).toBe(false);

  expect(await retryable(() => manager.streams.info('missing'))).toBe(true);
  expect(await retryable(() => manager.consumers.info('EVENTS', 'missing'))).toBe(true);
  expect(await retryable(() => client.publish('nobody.listens', ''))).toBe(true);
  await server.kill();
  expect(await retryable(() => client.publish('osk.dlq.x', '', { timeout: 100 }))).toBe(true);
  await nc.close();
});
