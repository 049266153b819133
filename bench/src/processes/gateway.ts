// The ingest gateway alone, as its own service runs: no projector beside it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectLog, EventPublisher, ProjectionProgress, reconcileTopology } from '@opensync/event-log';
import { KeyDirectory } from '@opensync/event-log/keys';
import { PayloadStore } from '@opensync/event-log/payloads';
import { ingestModule } from '@opensync/ingest';
import { createLogger, loadSettings } from '@opensync/platform';
import { createHttpApp } from '@opensync/platform/http';
import { openSqliteDocuments } from '@opensync/stores';

const [servers, mode, key] = process.argv.slice(2) as [string, 'group' | 'plain', string];
const nc = await connectLog({ servers, name: 'bench-gateway' });
await reconcileTopology(nc, { replicas: 1 });
const keys = await KeyDirectory.open(nc);
await keys.ready();
if (!(await keys.authenticate(key))) await keys.create({ email: 'bench@localhost', name: 'bench', key });
// More owners, if a case has them.
for (let at = 0; at < Number(process.env.BENCH_KEYS ?? 0); at++) {
  await keys.create({ email: `bench-${at}@localhost`, name: 'bench', key: `${key}${at}` });
}
const folder = await mkdtemp(join(tmpdir(), 'opensync-bench-'));
const documents = await openSqliteDocuments(join(folder, 'documents.db'));
const publisher = new EventPublisher(nc, { source: 'opensync/ingest', mode });
const progress = new ProjectionProgress(nc);
const app = await createHttpApp(ingestModule({ publisher, payloads: new PayloadStore(nc), documents, progress }), {
  // Counted as ever, and never reached.
  settings: loadSettings({ ...process.env, OPENSYNC_INGEST_RATE_LIMIT: '1000000000' }),
  logger: createLogger('warn', 'bench'),
  authenticate: (token) => keys.authenticate(token),
  positions: keys.positions,
  health: { ready: () => Promise.resolve({}), live: () => Promise.resolve(true) },
});
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
process.once('SIGTERM', async () => {
  await app.close();
  await documents.close();
  await nc.close();
  await rm(folder, { recursive: true });
  process.exit(0);
});
