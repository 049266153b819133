import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Owner, Projection } from '@opensync/contracts';
import { ownersInLog } from '@opensync/event-log';
import { IndexLife } from '@opensync/stores';
import { waitFor } from '@opensync/testkit';
import type { PausePoint } from '../testing/paused-rebuild.ts';
import { digestOf, LIMIT_MS, startProjections, type RunningProjections } from '../testing/running-projections.ts';
import { indexContents } from './contents.ts';
import { rebuild } from './rebuild.ts';

const SCRIPT = fileURLToPath(new URL('../testing/paused-rebuild.ts', import.meta.url));

let running: RunningProjections;
let child: ChildProcess | undefined;
beforeEach(async () => {
  running = await startProjections();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await running.close();
});

/** A rebuild in a separate process, which hangs at that point. */
async function startPaused(store: Projection, point: PausePoint) {
  const started = spawn(
    process.execPath,
    ['--conditions=opensync-source', SCRIPT, running.natsUrl, running.folder, store, point],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  child = started;
  let output = '';
  started.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await waitFor(() => output.includes('pausing'), { timeoutMs: 60_000 });
  return {
    async wakeUp(): Promise<string> {
      const exit = once(started, 'close');
      started.kill('SIGCONT');
      await exit;
      return output.replace('pausing', '').trim();
    },
  };
}

const digest = async (store: Projection): Promise<string> => {
  if (store === 'documents') return running.digestOfDocuments();
  const owners: Owner[] = await ownersInLog(running.nc);
  return digestOf(indexContents(running.stores[store as 'search'], running.stores.documents), owners);
};

const CASES: readonly (readonly [store: Projection, point: PausePoint, generation: number, kept: readonly number[]])[] =
  [
    ['documents', 'before it removes what lies in the way', 3, [2, 1]],
    ['search', 'before it removes what lies in the way', 3, [2, 1]],
    ['documents', 'half way', 2, [1]],
    ['search', 'half way', 2, [1]],
    ['vectors', 'before it compares', 2, [1]],
  ];

describe.each(CASES)('a rebuild of %s that hangs %s', (store, point, generation, kept) => {
  it(
    'is taken over after its lease, and changes nothing when it wakes up',
    async () => {
      await running.publish(0, 120);
      await running.atRest();
      const before = await digest(store);
      const paused = await startPaused(store, point);
      let waited = false;
      const report = await rebuild(store, running.resources, { leaseMs: 1_000, onWait: () => (waited = true) });
      expect(waited).toBe(true);
      expect(report).toMatchObject({ generation, different: [], switchedEverywhere: true });
      // Its remaining work meets events that arrived later.
      await running.publish(120, 30);
      await running.atRest();
      const after = await digest(store);
      expect(after).not.toBe(before);
      expect(await paused.wakeUp()).toBe('LeaseLostError');
      expect(await digest(store)).toBe(after);
      expect(await (await IndexLife.open(running.nc, store)).read()).toEqual({
        ...{ live: generation, kept, given: generation },
      });
    },
    LIMIT_MS,
  );
});
