import { sessionIdOf } from '@opensync/contracts';
import { anOwner } from '@opensync/testkit';
import type { EventDraft } from './drafts.ts';
import { stampEvents } from './stamp.ts';

const ADA = anOwner('ada@example.com');
const BOB = anOwner('bob@example.com');
const draft = (title: string): EventDraft => ({
  type: 'dev.opensync.session.synced.v1',
  data: { sessionId: sessionIdOf(ADA, 's'), externalId: 's', title },
});
const idsOf = (titles: string[], idempotencyKey: string | undefined, owner = ADA) =>
  stampEvents([titles.map(draft)], { owner, time: 5, idempotencyKey }).map(({ id }) => id);

it('keeps the order and adds owner and time', () => {
  expect(stampEvents([[draft('a')], [draft('b')]], { owner: ADA, time: 5 })).toMatchObject([
    { owner: ADA, time: 5, data: { title: 'a' } },
    { owner: ADA, time: 5, data: { title: 'b' } },
  ]);
});

it('gives new ids without a key, however often', () => {
  const titles = new Array<string>(1000).fill('a');
  const ids = [...idsOf(titles, undefined), ...idsOf(titles, undefined)];
  expect(new Set(ids).size).toBe(2000);
  expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(
    true,
  );
});

it('gives the same ids for the same key, and each event of a request its own', () => {
  expect(idsOf(['a', 'a'], 'key')).toEqual(idsOf(['a', 'a'], 'key'));
  expect(new Set(idsOf(['a', 'a'], 'key')).size).toBe(2);
});

it.each([
  ['key', idsOf(['a'], 'other')],
  ['owner', idsOf(['a'], 'key', BOB)],
  ['content', idsOf(['b'], 'key')],
])('gives other ids for another %s', (_name, others) => {
  expect(others).not.toEqual(idsOf(['a'], 'key'));
});

it('gives each event of an item another id where one of them says something else', () => {
  const [first, second] = [idsOf(['a', 'b'], 'key'), idsOf(['a', 'c'], 'key')];
  expect(new Set([...first, ...second]).size).toBe(4);
});

it('gives other ids for the same item in another place', () => {
  const twice = stampEvents([[draft('a')], [draft('a')]], { owner: ADA, time: 5, idempotencyKey: 'key' });
  expect(twice[0]!.id).not.toBe(twice[1]!.id);
});
