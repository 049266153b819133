import { PositionCodec, type MessageView } from '@opensync/contracts';
import { AppError, createLogger, ByteBudget } from '@opensync/platform';
import { anOwner } from '@opensync/testkit';
import type { PayloadReader } from '../resources.ts';
import { sessionPage } from './session-page.ts';

const OWNER = anOwner();
const MEGABYTE = 1_000_000;
const away = () => new AppError('UNAVAILABLE', 'away');

type Message = Pick<MessageView, 'id' | 'text'>;
const small = (id: string): Message => ({ id, text: 'small' });
const inline = (id: string): Message => ({ id, text: 'x'.repeat(300_000) });
const large = (id: string): Message => ({ id, text: { sha256: id, size: MEGABYTE, preview: '' } });

/** Contents of a megabyte; those named `away…` are unavailable, and `broken…` after their beginning. */
const payloads: PayloadReader = {
  read: (owner, sha256) => payloads.referenced(owner, sha256),
  async *referenced(_owner, sha256) {
    if (sha256.startsWith('away')) throw away();
    yield Buffer.alloc(MEGABYTE, 'y');
    if (sha256.startsWith('broken')) throw away();
  },
};

const places = new PositionCodec(() => ['test']).of(OWNER.workspaceId).places('ses_1');

function budget(limit = 100 * MEGABYTE) {
  return new ByteBudget({ limit, waitMs: 10, refusal: 'busy', retryAfter: 3 });
}

const placeOf = (at: number) => ({ createdAt: at, sequence: at });

function page(
  list: readonly (Message | Error)[],
  { limit = 1000, first = 0, pageBytes = budget(), pageTurns = budget() } = {},
) {
  async function* messages() {
    for (const [at, message] of list.entries()) {
      if (message instanceof Error) throw message;
      yield [{ view: { parts: [], ...message } as unknown as MessageView, place: placeOf(at), results: new Map() }];
    }
  }
  const resources = { payloads, pageBytes, pageTurns, logger: createLogger('silent', 'test') };
  const keys = Array.from({ length: first }, (_, at) => ({ id: `${at}`, ...placeOf(at) }));
  const range = { first: keys, limit, hasBefore: true };
  const page = { caller: OWNER, places, sessionId: 'ses_1', opening: '{"messages":[', messages: messages(), range };
  return sessionPage(OWNER, page, resources);
}

async function read(pieces: AsyncIterable<Buffer>) {
  const { messages, messageCursor, hasBefore, hasAfter } = JSON.parse(
    Buffer.concat(await Array.fromAsync(pieces)).toString(),
  ) as {
    messages: { id: string; textContent: string; position: string }[];
    messageCursor: string | null;
    hasBefore: boolean;
    hasAfter: boolean;
  };
  expect([hasBefore, hasAfter]).toEqual([true, messageCursor !== null]);
  expect(messages.map(({ position }) => places.decode(position))).toEqual(messages.map((_, at) => placeOf(at)));
  return {
    ids: messages.map(({ id }) => id),
    characters: messages.map(({ textContent }) => textContent.length),
    goesOnAfter: messageCursor === null ? null : places.decode(messageCursor)!.createdAt,
  };
}

describe('a session page', () => {
  it('has its messages, however large', async () => {
    const list = [small('a'), large('b'), inline('c'), small('d')];
    const expected = { ids: ['a', 'b', 'c', 'd'], characters: [5, MEGABYTE, 300_000, 5], goesOnAfter: null };
    expect(await read(page(list))).toEqual(expected);
    expect(await read(page([]))).toEqual({ ids: [], characters: [], goesOnAfter: null });
  });

  it('ends at its limit, and before it becomes too large, with the cursor to continue from', async () => {
    expect(await read(page([small('a'), small('b'), small('c')], { limit: 2 }))).toMatchObject({
      ids: ['a', 'b'],
      goesOnAfter: 1,
    });
    const list = Array.from({ length: 30 }, (_, at) => large(`${at}`));
    expect(await read(page(list))).toMatchObject({ goesOnAfter: 2 });
  });

  it('has all of its first messages, however large, and none at all if there are none', async () => {
    const list = Array.from({ length: 30 }, (_, at) => large(`${at}`));
    expect(await read(page(list, { first: 7 }))).toMatchObject({ goesOnAfter: 6 });
    expect(await read(page([small('a')], { limit: 0 }))).toMatchObject({ ids: [], goesOnAfter: 0 });
    const broken = [large('a'), small('b'), large('away')];
    await expect(read(page(broken, { first: 3 }))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('is one piece while it is small', async () => {
    expect(await Array.fromAsync(page([small('a'), small('b')]))).toHaveLength(1);
    expect((await Array.fromAsync(page([large('a')]))).length).toBeGreaterThan(5);
  });

  it.each([
    ['its first large content is away', [large('away')]],
    ['a large content behind small messages is away', [small('a'), large('away')]],
    ['the list of messages is away', [away()]],
    ['the list is away behind small messages', [small('a'), away()]],
    ['a large content breaks off in what has not been sent', [small('a'), large('broken')]],
  ])('is rejected if %s', async (_name, list) => {
    const pageBytes = budget();
    // A page that fails has produced something, but the caller sends nothing before it has two pieces.
    await expect(read(page(list, { pageBytes }))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(pageBytes.used).toBe(0);
  });

  it.each([
    ['a large content', large('away')],
    ['the list', away()],
  ])('ends before unavailable content once it has begun: %s', async (_name, message) => {
    expect(await read(page([large('a'), small('b'), message]))).toMatchObject({ ids: ['a', 'b'], goesOnAfter: 1 });
  });

  it('has a turn while it is begun, and not while it waits for bytes or is sent', async () => {
    const pageTurns = budget(1);
    const begun = page([large('a'), large('b')], { pageTurns });
    await begun.next();
    expect(await read(page([small('a')], { pageTurns }))).toMatchObject({ ids: ['a'] });
    const endTurn = await pageTurns.acquire('another request', 1);
    await expect(read(page([small('a')], { pageTurns }))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    endTurn();
    await expect(read(page([away()], { pageTurns }))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await begun.return(undefined);
    expect(pageTurns.used).toBe(0);
  });

  it('fails at a permanent error', async () => {
    await expect(read(page([large('a'), new TypeError('a bug')]))).rejects.toThrow(TypeError);
  });

  it('holds bytes while it is streamed, and none once it has ended or its client is gone', async () => {
    const pageBytes = budget();
    await read(page([small('a')], { pageBytes }));
    const pieces = page([large('a'), large('b')], { pageBytes });
    await pieces.next();
    expect(pageBytes.used).toBeGreaterThan(MEGABYTE);
    await pieces.return(undefined);
    expect(pageBytes.used).toBe(0);
    await read(page([inline('a')], { pageBytes }));
    expect(pageBytes.used).toBe(0);
  });

  it('is rejected with a retry time while others hold them; small ones are not', async () => {
    const pageBytes = budget(MEGABYTE);
    const others = page([large('a')], { pageBytes });
    await others.next();
    for (const list of [[large('b')], [small('a'), large('b')], [inline('b')]]) {
      const refusal = { code: 'UNAVAILABLE', message: 'busy', retryAfter: 3 };
      await expect(read(page(list, { pageBytes }))).rejects.toMatchObject(refusal);
    }
    expect(await read(page([small('a')], { pageBytes }))).toMatchObject({ ids: ['a'] });
    await others.return(undefined);
    expect(await read(page([large('b')], { pageBytes }))).toMatchObject({ ids: ['b'] });
  });
});
