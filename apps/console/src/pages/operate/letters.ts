import type { send as sendRequest } from '../../api/client.ts';
import { counted } from '../../parts/numbers.ts';

type Send = typeof sendRequest;

/** Replays letters and says what came of it. @throws ApiError */
export async function replay(send: Send, ids: readonly number[]): Promise<string> {
  const { results } = await send('post', '/api/operator/dead-letters/replay', { json: { ids } });
  const count = (...kinds: readonly string[]) => results.filter(({ kind }) => kinds.includes(kind)).length;
  const processed = count('processed');
  const failed = results.find(({ kind }) => kind === 'failed' || kind === 'unavailable');
  const rest = [
    ...(count('failed') > 0 ? [`${count('failed')} failed again`] : []),
    ...(count('later', 'unavailable') > 0 ? [`${count('later', 'unavailable')} not tried`] : []),
    ...(count('missing') > 0 ? [`${count('missing')} gone already`] : []),
  ];
  const said = [`${counted(processed, 'letter')} processed`, ...rest].join(', ');
  return failed?.reason === undefined ? said : `${said}: ${failed.reason}`;
}

/** @throws ApiError */
export async function drop(send: Send, ids: readonly number[]): Promise<string> {
  const { dropped } = await send('post', '/api/operator/dead-letters/drop', { json: { ids } });
  return `${counted(dropped.length, 'letter')} dropped`;
}
