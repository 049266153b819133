import { writeSync } from 'node:fs';
import type { Projection } from '@opensync/contracts';
import { connectLog } from '@opensync/event-log';
import { loadSettings } from '@opensync/platform';
import { dropGeneration, openGeneration } from '@opensync/stores';
import { rebuild } from '../rebuild/rebuild.ts';
import { fakeEmbedder } from './fake-embedder.ts';

/** Where the process stops itself, as SIGSTOP does. */
export type PausePoint = 'before it removes what lies in the way' | 'half way' | 'before it compares';

const [url, folder, store, point] = process.argv.slice(2) as [string, string, Projection, PausePoint];
const settings = loadSettings({ OPENSYNC_DATA_DIR: folder });
const nc = await connectLog({ servers: url, name: 'paused rebuild' });
let isPaused = false;
function pause(): void {
  if (isPaused) return;
  isPaused = true;
  writeSync(process.stdout.fd, 'pausing\n');
  process.kill(process.pid, 'SIGSTOP');
}
const outcome = await rebuild(
  store,
  {
    nc,
    open: (name, generation) => openGeneration(settings, name, generation),
    drop: async (name, generation) => {
      if (point === 'before it removes what lies in the way') pause();
      await dropGeneration(settings, name, generation);
    },
    embed: fakeEmbedder().embed,
    confirmModel: async () => undefined,
  },
  {
    onProgress: ({ phase, done }) => {
      if (point === 'half way' && phase !== 'comparing' && done > 10) pause();
      if (point === 'before it compares' && phase === 'comparing') pause();
    },
  },
).then(
  ({ generation }) => `made ${generation}`,
  (error: Error) => error.name,
);
writeSync(process.stdout.fd, `${outcome}\n`);
// Whatever it is still at, as the command line does.
process.exit(0);
