import { createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { jetstreamManager } from '@nats-io/jetstream';
import { openLog, type LogConnection } from '@opensync/event-log';
import { Generations } from './generations.ts';
import { IndexLife } from './index-life.ts';

/** Processes check every five seconds, without a notification that the bucket is gone. */
const PATIENCE = { timeoutMs: 30_000 };

let server: TestNats;
let disposal: Disposal;
let nc: LogConnection;
beforeEach(async () => {
  server = await startTestNats();
  disposal = new Disposal(() => undefined);
  nc = await open();
});
afterEach(async () => {
  await disposal.run(5000);
  await server.stop();
});

/** As a process does. */
async function open(): Promise<LogConnection> {
  const opened = await openLog(
    { url: server.url, token: undefined },
    { OPENSYNC_REPLICAS: 1, OPENSYNC_EVENTS_MAX_BYTES: undefined },
    { name: 'test', logger: createLogger('silent', 'test'), disposal },
  );
  // So that it knows which streams there were.
  await waitFor(() => opened.topology!.consumer({ stream: 'EVENTS', durable: 'documents' }));
  return opened;
}

async function deleteBucket(stream: string): Promise<void> {
  await (await jetstreamManager(nc)).streams.delete(stream);
}

describe('the bucket of generations, deleted while all are connected,', () => {
  async function switchOver(): Promise<void> {
    const life = await IndexLife.open(nc, 'search');
    await life.hold(async () => {
      await life.begin({ restart: false });
      await life.switchOver();
      await life.finish({ isFilled: true });
    });
  }

  it('is written and watched again: the live generation stays, and the next switch is noticed', async () => {
    const generations = await Generations.open(nc);
    disposal.defer('generations', () => generations.close());
    const switches: number[] = [];
    generations.onSwitch((_projection, generation) => switches.push(generation));
    await switchOver();
    await waitFor(() => generations.live('search') === 2);
    await deleteBucket('KV_generations');
    await waitFor(async () => (await (await IndexLife.open(nc, 'search')).read()).live === 2, PATIENCE);
    await switchOver();
    await waitFor(() => generations.live('search') === 3, PATIENCE);
    expect([switches, generations.live('documents')]).toEqual([[2, 3], 1]);
  });
});
