import { isDeepStrictEqual } from 'node:util';
import { waitFor } from '@opensync/testkit';
import type { World } from './world.ts';

/** Everything that the watched owner can read, by the route that shows it. */
export type View = Readonly<Record<string, unknown>>;

/** Reads all of the watched owner's data through the API. */
export async function viewOf({ watched, positions, hashes, words }: World): Promise<View> {
  const view: Record<string, unknown> = {};
  const media = async (path: string) => {
    const response = await fetch(watched.url + path, { headers: { authorization: `Bearer ${watched.key}` } });
    const bytes = Buffer.from(await response.arrayBuffer()).toString('base64');
    return response.ok ? bytes : response.status;
  };
  // While the model is busy, words answer in place of meaning.
  const wholeAnswer = (query: string, type: 'fulltext' | 'semantic') =>
    waitFor(async () => {
      const answer = await watched.search(query, type, 100);
      return !answer.degraded && answer;
    });
  const sessions = await watched.sessions();
  view.sessions = sessions;
  view.list = await watched.get('/sync/sessions/list');
  view.stats = await watched.get('/api/stats');
  const ids = sessions.map(({ externalId }) => externalId);
  view.metadata = (await watched.request('/sync/metadata', { json: { sessions: ids, messages: [] } })).body;
  for (const { id } of sessions) {
    view[`session ${id}`] = await watched.session(id);
    for (const hash of hashes) view[`media ${id} ${hash}`] = await media(`/api/sessions/${id}/media/${hash}`);
  }
  view.receipt = await watched.get(`/api/receipts/${positions.at(-1)}`);
  for (const type of ['fulltext', 'semantic'] as const) {
    for (const query of words) view[`${type} ${query}`] = await wholeAnswer(query, type);
  }
  return view;
}

/** The routes whose answers differ, with both answers. */
export function changesOf(before: View, after: View): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => !isDeepStrictEqual(before[name], after[name]))
    .map((name) => `the watched owner's ${name} was ${shown(before[name])} and is ${shown(after[name])}`);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'absent').slice(0, 1_000);
}
