// Reads a log, projects it to documents in SQLite as the projector does, and prints as JSON how many events it took how long:
// milliseconds, and those of the processor.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectLog, replay, streamEnds, type Delivery } from '@opensync/event-log';
import { DocumentsProjection } from '@opensync/projector';
import { openSqliteDocuments } from '@opensync/stores';

/** As many as the projector takes at once. */
const BATCH = 500;
/** Only the first events of a longer log: a filling store takes longer for each. */
const EVENTS = 10_000;
/** Batches that warm the process up and are not counted. */
const WARM_UP = 8;

const [servers] = process.argv.slice(2) as [string];
const nc = await connectLog({ servers, name: 'bench-projection' });
const events: Delivery[] = [];
const { last } = await streamEnds(nc);
for await (const read of replay(nc, { from: 1, to: Math.min(last, EVENTS) })) events.push(...read);
await nc.close();

const folder = await mkdtemp(join(tmpdir(), 'opensync-bench-'));
const documents = await openSqliteDocuments(join(folder, 'documents.db'));
// A variable, because the compiler then also accepts it in an older commit, whose projection knew fewer of these.
const resources = { history: async function* () {}, documents, publishChanges: () => Promise.resolve() };
const projection = new DocumentsProjection(resources);
let counted = 0;
let elapsedMs = 0;
let cpuMs = 0;
for (let at = 0; at < events.length; at += BATCH) {
  const batch = events.slice(at, at + BATCH);
  const start = performance.now();
  const used = process.cpuUsage();
  const poison = (await projection.apply(batch)).poison ?? [];
  if (poison.length > 0) throw new Error(`events that cannot be projected: ${poison[0]!.reason}`);
  if (at < WARM_UP * BATCH) continue;
  elapsedMs += performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  cpuMs += (user + system) / 1_000;
  counted += batch.length;
}
await documents.close();
await rm(folder, { recursive: true });
console.log(JSON.stringify({ items: counted, elapsedMs, cpuMs }));
