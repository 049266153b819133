import { evolveSession, type NewEvent, type SessionState, type StoredEvent } from '@opensync/contracts';
import { anOwner, aSessionCurated, aSessionSynced } from '@opensync/testkit';
import type { ListFilter } from './filters.ts';
import { sessionMatches } from './session-matches.ts';

const owner = anOwner();
const session = [
  aSessionSynced({
    ...{
      source: 'codex',
      model: 'gpt-5',
      provider: 'openai',
      projectName: 'caf\u00e9',
      projectPath: '/home/ada/caf\u00e9',
    },
    ...{ createdAt: 1_000, totalTokens: 50 },
  }),
  aSessionCurated({ evalTags: ['flaky'], evalStatus: 'golden' }),
]
  .map((event: NewEvent, at) => ({ ...event, sequence: at + 1 }) as StoredEvent)
  .reduce<SessionState | undefined>((state, event) => evolveSession(state, event), undefined)!;

it.each<[ListFilter, ListFilter]>([
  [{ source: 'codex' }, { source: 'cursor-sync' }],
  [{ model: 'gpt-5' }, { model: 'gpt' }],
  [{ provider: 'openai' }, { provider: 'anthropic' }],
  // As macOS writes it.
  [{ project: 'cafe\u0301' }, { project: 'cafe' }],
  [{ project: '/home/ada/caf\u00e9' }, { project: '/home/ada' }],
  [{ user: owner.userId }, { user: 'usr_other' }],
  [{ tag: 'flaky' }, { tag: 'eval:golden' }],
  [{ evalStatus: 'golden' }, { evalStatus: 'correct' }],
  [{ hasErrors: false }, { hasErrors: true }],
  [{ from: 1_000 }, { from: 1_001 }],
  [{ to: 1_001 }, { to: 1_000 }],
  [{ minTokens: 50 }, { minTokens: 51 }],
  [{}, { source: 'codex', model: 'other' }],
])('fits %j, not %j', (fits, fitsNot) => {
  expect([sessionMatches(session, fits), sessionMatches(session, fitsNot)]).toEqual([true, false]);
});
