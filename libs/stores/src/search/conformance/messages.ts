import type { Owner, Reader } from '@opensync/contracts';
import type { SessionFilter } from '../../filters.ts';
import { aDocument, aHeading, snippetOf } from './rows.ts';
import { fullText } from '../full-text.ts';
import type { SearchStore } from '../port.ts';
import { parseQuery } from '../query.ts';

const ANN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ann' };
const BEN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ben' };
const HAY = 'hay and straw in equal amounts of grass';

/** Required behaviour of every full-text adapter for searches whose hits are messages. */
export function messagesConformance(open: () => Promise<{ store: SearchStore; close: () => Promise<void> }>): void {
  let store: SearchStore;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ store, close } = await open());
  });
  afterEach(() => close());

  const ask = (query: string, options: { reader?: Reader; filter?: SessionFilter; limit?: number } = {}) =>
    fullText(store, options.reader ?? ANN, {
      parsed: parseQuery(query),
      filter: options.filter ?? {},
      limit: options.limit ?? 20,
      level: 'message',
    });
  const messagesOf = async (...of: Parameters<typeof ask>) => (await ask(...of)).hits.map(({ messageId }) => messageId);
  const row = (sessionId: string, id: string, text: string, more: Parameters<typeof aDocument>[0] = {}) =>
    aDocument({ id, sessionId, text, ...more });
  const others = Array.from({ length: 20 }, (_, n) => aDocument({ text: `${HAY} number ${n}` }));

  it('finds several messages of a session, best first, each with its own excerpt', async () => {
    await store.index(ANN, [
      aHeading('s', { title: 'haystack' }),
      row('s', 'twice', `needle and needle in ${HAY}`),
      row('s', 'without', HAY),
      row('s', 'once', `a needle in ${HAY}, ${HAY}, ${HAY}`),
      row('s', 'tool', HAY, { toolText: 'grep needle' }),
      ...others,
    ]);
    const { hits } = await ask('needle');
    expect(hits.map(({ sessionId, messageId }) => [sessionId, messageId])).toEqual([
      ['s', 'twice'],
      ['s', 'once'],
      ['s', 'tool'],
    ]);
    expect(snippetOf(hits[2]!)).toBe('grep <mark>needle</mark>');
    expect(await messagesOf('needle', { limit: 2 })).toEqual(['twice', 'once']);
  });

  it('takes words of the title and the project only beside own words of the message', async () => {
    const heading = { title: 'Repair of zlogin', projectName: 'zgateway' };
    await store.index(ANN, [
      aHeading('s', heading),
      row('s', 'own', 'the ztimeout is short', heading),
      row('s', 'other', HAY, heading),
      row('another', 'elsewhere', 'a ztimeout'),
    ]);
    expect(await messagesOf('zlogin')).toEqual([]);
    expect(await messagesOf('zgateway zlogin')).toEqual([]);
    expect(await messagesOf('zlogin ztimeout')).toEqual(['own']);
    expect(await messagesOf('ztimeout zgateway')).toEqual(['own']);
  });

  it('finds no row of a heading, not even by a part of an identifier in it', async () => {
    const heading = { title: 'why useZtate fails' };
    await store.index(ANN, [aHeading('s', heading), row('s', 'm', 'the ztate is lost', heading)]);
    expect(await messagesOf('ztate')).toEqual(['m']);
  });

  it('finds messages that have most of the words, and names what the best one lacks', async () => {
    await store.index(ANN, [
      row('s', 'three', `zone, ztwo and zthree in ${HAY}`),
      row('s', 'two', `zone and ztwo in ${HAY}`),
      row('s', 'one', `zone in ${HAY}`),
      ...others,
    ]);
    const { hits, partial, missing } = await ask('zone ztwo zthree zfour');
    expect(hits.map((hit) => [hit.messageId, hit.missing])).toEqual([
      ['three', ['zfour']],
      ['two', ['zthree', 'zfour']],
    ]);
    expect([partial, missing]).toEqual([true, ['zfour']]);
  });

  it('leaves out all messages of a session with a negated word', async () => {
    await store.index(ANN, [
      row('s', 'needle', 'a needle, zone and ztwo'),
      row('s', 'rust', 'some rust'),
      row('t', 'clean', 'a clean needle, zone and ztwo'),
    ]);
    expect(await messagesOf('needle -rust')).toEqual(['clean']);
    expect(await messagesOf('zone ztwo zthree zfour -rust')).toEqual(['clean']);
  });

  it('applies filters', async () => {
    await store.index(ANN, [
      row('s', 'a', 'needle zone ztwo', { source: 'codex' }),
      row('t', 'b', 'needle zone ztwo', { source: 'droid' }),
    ]);
    expect(await messagesOf('needle', { filter: { source: 'droid' } })).toEqual(['b']);
    expect(await messagesOf('zone ztwo zthree zfour', { filter: { source: 'droid' } })).toEqual(['b']);
  });

  it('finds own messages and those of shared sessions alone', async () => {
    await store.index(ANN, [row('s', 'private', `needle ${HAY}`), ...others]);
    await store.index(BEN, [
      row('t', 'hidden', `needle ${HAY}`),
      row('u', 'shared', `needle ${HAY}`, { visibility: 'workspace' }),
      row('u', 'also shared', HAY, { visibility: 'workspace' }),
    ]);
    const reader: Reader = { ...ANN, sessions: 'visible' };
    expect((await messagesOf('needle', { reader })).sort()).toEqual(['private', 'shared']);
    expect(await messagesOf('needle')).toEqual(['private']);
  });
}
