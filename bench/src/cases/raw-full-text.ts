import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Owner } from '@opensync/contracts';
import { matchExpression, negatedExpression, parseQuery } from '@opensync/stores';

/** A thread, because node:sqlite blocks the one that it works on: no server can answer from its main thread. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { DatabaseSync } = require('node:sqlite');
  const database = new DatabaseSync(workerData.file, { readOnly: true });
  const { name } = database
    .prepare("SELECT 'fts_' || owner AS name FROM owners WHERE workspace_id = ? AND user_id = ?")
    .get(workerData.owner.workspaceId, workerData.owner.userId);
  const found = \`SELECT rowid >> \${workerData.bits} AS session FROM \${name} WHERE \${name} MATCH\`;
  const pageOf = (condition) => database.prepare(\`
    SELECT row, rank, title, text FROM (
      SELECT rowid >> \${workerData.bits} AS session, rowid AS best, min(rank) AS rank FROM \${name}
      WHERE \${name} MATCH ? \${condition} GROUP BY 1 ORDER BY 3, 2 DESC LIMIT \${workerData.limit})
    JOIN texts ON row = best JOIN documents USING (row) ORDER BY rank, row DESC\`);
  const page = pageOf('');
  const pageWithout = pageOf(\`AND rowid >> \${workerData.bits} NOT IN (\${found} ?)\`);
  parentPort.on('message', ({ wanted, negated }) =>
    parentPort.postMessage(negated === undefined ? page.all(wanted) : pageWithout.all(wanted, negated)));
  parentPort.postMessage('open');`;

/** Of a row's number, those below its session's. */
const ROW_BITS = 20;

/**
 * The ceiling of full text: one FTS5 query for the same page (`MATCH`, its bm25, the best message of each of the best sessions
 * without a negated word, as many and in the same order; their titles and texts) on the file that the adapter wrote, on a thread of its
 * own, over the rows of one owner. It neither looks for sessions that have the words in different messages, nor cuts excerpts. With the
 * texts, because a result that a person cannot read is none: whatever is in front of FTS5 has to read them.
 */
export async function rawFullText(
  file: string,
  { workspaceId, userId }: Owner,
  limit: number,
): Promise<{ query: (text: string) => Promise<void>; close: () => Promise<unknown> }> {
  const worker = new Worker(THREAD, {
    eval: true,
    workerData: { file, owner: { workspaceId, userId }, bits: ROW_BITS, limit },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  await once(worker, 'message');
  return {
    async query(text) {
      const parsed = parseQuery(text);
      worker.postMessage({ wanted: matchExpression(parsed), negated: negatedExpression(parsed) });
      await once(worker, 'message');
    },
    close: () => worker.terminate(),
  };
}
