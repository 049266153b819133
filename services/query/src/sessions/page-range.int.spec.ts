import { messageIdOf, sessionIdOf, type PayloadReference } from '@opensync/contracts';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const COUNT = 25;

interface Page {
  readonly messages: readonly { readonly id: string; readonly externalId: string; readonly position: string }[];
  readonly messageCursor: string | null;
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

describe('pages of a session', () => {
  let app: QueryApp;
  const idOf = (n: number) => messageIdOf(sessionIdOf(owner, 's1'), `m${n}`);
  const message = (n: number, createdAt: number) =>
    aMessageSynced({ sessionExternalId: 's1', externalId: `m${n}`, textContent: `${n}`, createdAt }, { owner });

  beforeAll(async () => {
    app = await startQueryApp();
    await storeEvents(app.resources, owner, [
      aSessionSynced({ externalId: 's1' }, { owner }),
      aSessionSynced({ externalId: 's2' }, { owner }),
      // Three of each time, so that arrival decides as well.
      ...Array.from({ length: COUNT }, (_, n) => message(n, 1_000 + Math.floor(n / 3))),
      aMessageSynced({ sessionExternalId: 's2', externalId: 'other', textContent: 'other' }, { owner }),
    ]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  async function page(query: string, session = 's1'): Promise<Page> {
    const { status, body } = await app.request('GET', `/api/sessions/${session}?${query}`);
    expect(status).toBe(200);
    return body as Page;
  }
  const numbers = ({ messages }: Page) => messages.map(({ externalId }) => Number(externalId.slice(1)));
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

  it.each([1, 2, 7, COUNT, 1_000])('lead from either end to the other, %i messages at a time', async (limit) => {
    const onward: number[] = [];
    for (let at: Page | undefined; !at || at.hasAfter;) {
      at = await page(`messageLimit=${limit}${at ? `&after=${at.messages.at(-1)!.position}` : ''}`);
      expect(at.hasBefore).toBe(onward.length > 0);
      onward.push(...numbers(at));
      expect(at.messageCursor === null).toBe(!at.hasAfter);
    }
    expect(onward).toEqual(range(0, COUNT));
    const last = await page(`messageLimit=${limit}&around=${idOf(COUNT - 1)}`);
    const back = [...numbers(last)];
    for (let at = last; at.hasBefore;) {
      at = await page(`messageLimit=${limit}&before=${at.messages[0]!.position}`);
      expect(at.hasAfter).toBe(true);
      back.unshift(...numbers(at));
    }
    expect(back).toEqual(range(0, COUNT));
  });

  it('go on where the cursor says, and the position of the last message is as good', async () => {
    const first = await page('messageLimit=4');
    expect(numbers(await page(`messageLimit=2&messageCursor=${first.messageCursor}`))).toEqual([4, 5]);
    expect(numbers(await page(`messageLimit=2&after=${first.messages[3]!.position}`))).toEqual([4, 5]);
  });

  it.each([
    [0, 5, range(0, 5)],
    [1, 5, range(0, 5)],
    [10, 5, range(8, 13)],
    [10, 4, range(8, 12)],
    [10, 1, [10]],
    [COUNT - 1, 5, range(COUNT - 5, COUNT)],
    [12, 1_000, range(0, COUNT)],
  ])('have message %i in their middle, with %i messages', async (n, limit, expected) => {
    const { position } = (await page(`around=${idOf(n)}&messageLimit=1`)).messages[0]!;
    for (const anchor of [idOf(n), `m${n}`, position]) {
      const at = await page(`around=${anchor}&messageLimit=${limit}`);
      expect(numbers(at)).toEqual(expected);
      expect([at.hasBefore, at.hasAfter]).toEqual([expected[0] !== 0, expected.at(-1) !== COUNT - 1]);
    }
  });

  it('are empty beyond the ends, and say what there is', async () => {
    const none = { messages: [] };
    expect(await page(`before=${idOf(0)}`)).toMatchObject({ ...none, hasBefore: false, hasAfter: true });
    expect(await page(`after=${idOf(COUNT - 1)}`)).toMatchObject({ ...none, hasBefore: true, hasAfter: false });
    const fromStart = await page(`before=${idOf(0)}`);
    expect(numbers(await page(`messageLimit=2&messageCursor=${fromStart.messageCursor}`))).toEqual([0, 1]);
  });

  it('have the same form in the shape of the original', async () => {
    const { body } = await app.request('GET', `/api/sessions/get?id=s1&around=m10&messageLimit=3`);
    expect(numbers(body as Page)).toEqual([9, 10, 11]);
    expect(body).toMatchObject({ session: { externalId: 's1' }, hasBefore: true, hasAfter: true });
  });

  it('neither repeat nor skip a message while others arrive', async () => {
    const seen = await page('messageLimit=5&around=m10');
    await storeEvents(
      app.resources,
      owner,
      [
        aMessageSynced({ sessionExternalId: 's1', externalId: 'early', createdAt: 1 }, { owner }),
        aMessageSynced({ sessionExternalId: 's1', externalId: 'late', createdAt: 9_000 }, { owner }),
      ],
      { first: 1_000 },
    );
    const before = await page(`messageLimit=3&before=${seen.messages[0]!.position}`);
    const after = await page(`messageLimit=3&after=${seen.messages.at(-1)!.position}`);
    expect([numbers(before), numbers(after)]).toEqual([range(5, 8), range(13, 16)]);
  });

  it('reject what is no message of the session, and two anchors', async () => {
    const position = (await page('', 's2')).messages[0]!.position;
    for (const anchor of [
      'nothing',
      'mps_AAAAAAAAAAAAAAAAAAAAAA',
      position,
      messageIdOf(sessionIdOf(owner, 's2'), 'other'),
    ]) {
      for (const name of ['after', 'before', 'around']) {
        const { status, body } = await app.request('GET', `/api/sessions/s1?${name}=${anchor}`);
        expect([status, body.error.details]).toEqual([
          400,
          [{ path: name, message: 'is neither a position nor the id of a message of this session' }],
        ]);
      }
    }
    const { status, body } = await app.request('GET', `/api/sessions/s1?after=m1&around=m2`);
    expect([status, body.error.message]).toEqual([400, 'around cannot be combined with after']);
  });
});

describe('a page before a message', () => {
  it('has the nearest messages if not all fit, and goes on before them', async () => {
    await using app = await startQueryApp();
    const reference = (n: number): PayloadReference => ({ sha256: `${n}`.repeat(64), size: 900_000, preview: '' });
    for (let n = 0; n < 6; n++) app.payloads.set(reference(n).sha256, `${n}`.repeat(900_000));
    await storeEvents(app.resources, owner, [
      aSessionSynced({ externalId: 's1' }, { owner }),
      ...Array.from({ length: 6 }, (_, n) =>
        aMessageSynced({ sessionExternalId: 's1', externalId: `m${n}`, textRef: reference(n) }, { owner }),
      ),
    ]);
    const seen: string[][] = [];
    for (let before = 'm5'; ;) {
      const { body } = await app.request('GET', `/api/sessions/s1?before=${before}`);
      const page = body as Page;
      seen.push(page.messages.map(({ externalId }) => externalId));
      expect(page.hasAfter).toBe(true);
      if (!page.hasBefore) break;
      before = page.messages[0]!.position;
    }
    expect(seen).toEqual([['m3', 'm4'], ['m1', 'm2'], ['m0']]);
    const around = (await app.request('GET', `/api/sessions/s1?around=m3`)).body as Page;
    expect(around.messages.map(({ externalId }) => externalId)).toEqual(['m2', 'm3', 'm4']);
  });
});
