import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DocumentsProjection } from '@opensync/projector';
import { openSqliteDocuments } from '@opensync/stores';
import { temporaryFolder } from '@opensync/testkit';
import { deliveries, inBatches, manyEvents } from '../events.ts';
import { rates, type Figure } from '../figures.ts';

const EVENTS = 40_000;
const BATCH = 500;

/** Events → documents in SQLite, against bulk upserts of the rows it leaves, by node:sqlite in this thread. */
export async function projectionFigures(): Promise<Figure[]> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'documents.db');
  const batches = inBatches(deliveries(manyEvents(EVENTS)), BATCH);
  const documents = await openSqliteDocuments(file);
  const projection = new DocumentsProjection({
    history: async function* () {},
    documents,
    publishChanges: () => Promise.resolve(),
  });
  const start = performance.now();
  for (const batch of batches) await projection.apply(batch);
  const product = EVENTS / ((performance.now() - start) / 1000);
  await documents.close();
  const ceiling = rawUpsertRate(file, join(folder.path, 'raw.db'));
  return [rates(`documents projection, batches of ${BATCH}`, { product, ceiling }, '≥ 0.6')];
}

/** Rows per second when the tables of `source` are written again to `target`: same schema, pragmas, batches. */
function rawUpsertRate(source: string, target: string): number {
  const from = new DatabaseSync(source, { readOnly: true });
  const schema = from
    .prepare(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'index'`)
    .all();
  const to = new DatabaseSync(target);
  to.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  for (const { sql } of schema) to.exec(String(sql));
  let rows = 0;
  let elapsed = 0;
  for (const table of ['sessions', 'messages', 'parts']) {
    const all = from.prepare(`SELECT * FROM ${table}`).all();
    const columns = Object.keys(all[0] ?? {});
    if (columns.length === 0) continue;
    const update = columns.map((name) => `${name} = excluded.${name}`).join(', ');
    const upsert = to.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
       ON CONFLICT DO UPDATE SET ${update}`,
    );
    const values = all.map((row) => Object.values(row));
    const start = performance.now();
    for (let at = 0; at < values.length; at += BATCH) {
      to.exec('BEGIN IMMEDIATE');
      for (const row of values.slice(at, at + BATCH)) upsert.run(...row);
      to.exec('COMMIT');
    }
    elapsed += performance.now() - start;
    rows += values.length;
  }
  from.close();
  to.close();
  return rows / (elapsed / 1000);
}
