import type { Session } from '../../api/types.ts';
import { changeOf, EMPTY, MOST_ENTRIES, withChanges, type Change } from './feed.ts';

const ALL = { kinds: new Set(['session', 'message', 'receipt']), now: 1 };
const session = (id: string, title = id) => ({
  ...{ event: 'session' as const, data: { id, title, source: 'codex-cli', projectName: 'tide' } as Session },
});
const message = (id: string, sessionId = 'ses_1'): Change => ({
  event: 'message',
  data: { id, sessionId, role: 'user', model: null, promptTokens: 0, completionTokens: 0, createdAt: 0 },
});
const keys = (feed: { entries: readonly { key: string; times: number }[] }) =>
  feed.entries.map(({ key, times }) => `${key} ${times}`);

it('shows the newest first, and what changes again only once', () => {
  const first = withChanges(EMPTY, [session('ses_1'), message('msg_1'), session('ses_1'), message('msg_2')], ALL);
  expect(keys(first)).toEqual(['message msg_2 1', 'session ses_1 2', 'message msg_1 1']);
  expect(keys(withChanges(first, [message('msg_1')], ALL))).toEqual([
    'message msg_1 2',
    'message msg_2 1',
    'session ses_1 2',
  ]);
});

it('keeps what sessions are called even where they are not shown', () => {
  const feed = withChanges(EMPTY, [session('ses_1', 'Tides'), message('msg_1')], {
    ...ALL,
    kinds: new Set(['message']),
  });
  expect(keys(feed)).toEqual(['message msg_1 1']);
  expect(feed.sessions.get('ses_1')?.title).toBe('Tides');
});

it('tells of what is gone and of what was missed whatever is chosen', () => {
  const gone: Change = { event: 'gone', data: { sessionId: 'ses_1' } };
  const reset: Change = { event: 'reset', data: { reason: 'too much' } };
  const feed = withChanges(EMPTY, [gone, reset, message('msg_1')], { kinds: new Set(), now: 1 });
  expect(keys(feed)).toEqual(['reset 1', 'gone ses_1 1']);
});

it('stays bounded, whatever arrives', () => {
  let feed = EMPTY;
  for (let n = 0; n < 2_000; n++) feed = withChanges(feed, [session(`ses_${n}`)], ALL);
  expect(feed.entries.length).toBe(MOST_ENTRIES);
  expect(feed.entries[0]!.key).toBe('session ses_1999');
  expect(feed.sessions.size).toBe(500);
  expect(feed.sessions.has('ses_1999')).toBe(true);
});

it('reads the frames that tell of a change', () => {
  expect(changeOf('gone', '{"sessionId":"ses_1"}')).toEqual({ event: 'gone', data: { sessionId: 'ses_1' } });
  expect(changeOf('position', '{}')).toBeUndefined();
  expect(changeOf('something of a newer server', '{}')).toBeUndefined();
  expect(changeOf(undefined, '{}')).toBeUndefined();
});
