import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Owner } from '@opensync/contracts';
import { matchExpression, parseQuery } from '@opensync/stores';

/** A thread, because node:sqlite blocks the one that it works on: no server can answer from its main thread. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { DatabaseSync } = require('node:sqlite');
  const database = new DatabaseSync(workerData.file, { readOnly: true });
  const { name } = database
    .prepare("SELECT 'fts_' || owner AS name FROM owners WHERE workspace_id = ? AND user_id = ?")
    .get(workerData.owner.workspaceId, workerData.owner.userId);
  const best = \`SELECT rowid, rank FROM \${name} WHERE \${name} MATCH ? ORDER BY rank LIMIT 20\`;
  const statement = database.prepare(\`SELECT row, rank, text FROM (\${best}) JOIN texts ON row = rowid ORDER BY rank\`);
  parentPort.on('message', (expression) => parentPort.postMessage(statement.all(expression)));
  parentPort.postMessage('open');`;

/**
 * The ceiling of full text: FTS5's own query (`MATCH`, its bm25, the best rows and their texts) on the file that the adapter
 * wrote, on a thread of its own, over the rows of one owner, without grouping, filters or snippets. With the texts, because
 * a result that a person cannot read is none: whatever is in front of FTS5 has to read them.
 */
export async function rawFullText(
  file: string,
  { workspaceId, userId }: Owner,
): Promise<{ query: (text: string) => Promise<void>; close: () => Promise<unknown> }> {
  const worker = new Worker(THREAD, {
    eval: true,
    workerData: { file, owner: { workspaceId, userId } },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  await once(worker, 'message');
  return {
    async query(text) {
      worker.postMessage(matchExpression(parseQuery(text)));
      await once(worker, 'message');
    },
    close: () => worker.terminate(),
  };
}
