import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EVENT_DEFINITIONS, eventHeaders, eventSubject, type NewEvent } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { DocumentsProjection } from '@opensync/projector';
import { openSqliteDocuments } from '@opensync/stores';
import { aMessageSynced, aSessionSynced, temporaryFolder } from '@opensync/testkit';
import { perSecond, type Figure } from '../figures.ts';
import { someText } from '../load.ts';

const EVENTS = 40_000;
const BATCH = 500;
const MESSAGES_PER_SESSION = 50;

/** Events → documents in SQLite, against bulk upserts of the rows it leaves, by node:sqlite in this thread. */
export async function projectionFigures(): Promise<Figure[]> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'documents.db');
  const deliveries = manyEvents().map(delivery);
  const documents = await openSqliteDocuments(file);
  const projection = new DocumentsProjection({ documents, publishChanges: () => Promise.resolve() });
  const start = performance.now();
  for (let at = 0; at < deliveries.length; at += BATCH) await projection.apply(deliveries.slice(at, at + BATCH));
  const product = EVENTS / ((performance.now() - start) / 1000);
  await documents.close();
  const ceiling = rawUpsertRate(file, join(folder.path, 'raw.db'));
  return [
    {
      name: `documents projection, batches of ${BATCH}`,
      value: perSecond(product),
      ceiling: perSecond(ceiling),
      ratio: product / ceiling,
      aim: '≥ 0.6',
    },
  ];
}

function manyEvents(): NewEvent[] {
  return Array.from({ length: EVENTS }, (_, at) => {
    const externalId = `session-${Math.floor(at / MESSAGES_PER_SESSION)}`;
    return at % MESSAGES_PER_SESSION === 0
      ? aSessionSynced({ externalId, title: someText(40), source: 'claude-code' })
      : aMessageSynced({
          externalId: `message-${at}`,
          sessionExternalId: externalId,
          role: 'user',
          textContent: someText(800),
          promptTokens: 10,
        });
  });
}

function delivery(event: NewEvent, at: number): Delivery {
  const headers = eventHeaders(event, 'bench');
  const body = JSON.stringify(event.data);
  return {
    subject: eventSubject(event.owner, EVENT_DEFINITIONS[event.type].entity),
    sequence: at + 1,
    attempts: 1,
    header: (name) => headers[name],
    body: () => body,
  };
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
