import { jest } from '@jest/globals';
import type { Outline } from '../../api/types.ts';
import { FAKED, inBrowser, json } from '../../testing/browser.ts';

function outlineOf(ids: readonly string[], cursor: string | null = null): Outline {
  const each = <Value>(value: Value) => ids.map(() => value);
  const columns = {
    ...{ id: ids, position: ids.map((id) => `at-${id}`), role: each(0), kind: each(0), tools: each([]) },
    ...{ error: each(0 as const), tokens: each(0), createdAt: each(0), height: each(1) },
  };
  return { sessionId: 'ses_1', roles: ['user'], kinds: ['prompt'], tools: [], columns, cursor };
}

/** A session whose outline has pages, by their cursor. */
async function reading(pages: Record<string, Outline>) {
  const browser = await inBrowser({
    'GET /api/sessions/ses_1/outline': ({ url }) => {
      const page = pages[new URL(url).searchParams.get('cursor') ?? ''];
      return page ? json(page) : json({}, { status: 500 });
    },
    'GET /api/sessions/ses_1': ({ url }) => {
      const around = new URL(url).searchParams.get('around');
      return around === 'gone'
        ? json({}, { status: 404 })
        : json({ messages: [{ id: around ?? 'a', textContent: 'Said' }] });
    },
  });
  const one = new browser.Reading('ses_1');
  return { ...browser, one, ids: () => one.rows.map(({ id }) => id).join('') };
}

/** An answer that is sent when a spec wants it. */
function held(response: Response) {
  const { promise, resolve } = Promise.withResolvers<Response>();
  return { answer: promise, send: () => resolve(response) };
}

describe('what somebody reads of a session', () => {
  beforeEach(() => void jest.useFakeTimers(FAKED));
  afterEach(() => void jest.useRealTimers());

  it('keeps its messages and their bodies when another one arrives', async () => {
    const { one, ids, settled, pass } = await reading({ 'at-b': outlineOf(['c']) });
    await one.show(outlineOf(['a', 'b']));
    one.bodies.want(one.rows[0]!);
    await settled();
    const body = one.bodies.get('a');
    expect(body?.textContent).toBe('Said');
    one.heard('c');
    await pass(200);
    expect(ids()).toBe('abc');
    expect(one.bodies.get('a')).toBe(body);
    one.close();
  });

  it('opens with the messages that are seen first, which nothing asks for again', async () => {
    const { one, requests, settled } = await reading({});
    const { signal } = new AbortController();
    for (const [target, id] of [
      [undefined, 'a'],
      ['b', 'b'],
      ['gone', 'a'],
    ] as const) {
      one.bodies.forgetAll();
      const { messages } = await one.open(target, signal);
      expect(messages.map((message) => message.id)).toEqual([id]);
      expect(one.bodies.get(id)?.textContent).toBe('Said');
    }
    const before = requests.length;
    await one.show(outlineOf(['a']));
    one.bodies.want(one.rows[0]!);
    await settled();
    expect(requests.length).toBe(before);
    one.close();
  });

  it('shows what arrives without a pause, too, and reads it together', async () => {
    const { one, ids, requests, pass } = await reading({ 'at-a': outlineOf(['b', 'c', 'd']) });
    await one.show(outlineOf(['a']));
    for (const id of ['b', 'c', 'd']) {
      one.heard(id);
      await pass(70);
    }
    expect(ids()).toBe('abcd');
    expect(requests).toEqual(['GET /api/sessions/ses_1/outline']);
    one.close();
  });

  it('has every message once, also one that arrives while a long outline is read', async () => {
    const { one, ids, pass } = await reading({ 'at-a': outlineOf(['b', 'c']), more: outlineOf(['b', 'c']) });
    one.heard('c');
    const shown = one.show(outlineOf(['a'], 'more'));
    await pass(200);
    await shown;
    expect(ids()).toBe('abc');
    one.close();
  });

  it('replaces everything at once when the outline is read again, and keeps it if that fails', async () => {
    const pages: Record<string, Outline> = { more: outlineOf(['b']), 'at-b': outlineOf(['c']) };
    const { one, ids, pass } = await reading(pages);
    await one.show(outlineOf(['a'], 'more'));
    one.heard('c');
    await pass(200);
    const again = one.show(outlineOf(['z'], 'more'));
    expect(ids()).toBe('abc');
    await again;
    expect(ids()).toBe('zb');
    await one.show(outlineOf(['y'], 'missing'));
    expect(ids()).toBe('zb');
    one.close();
  });

  it('leads to the message of a link once, as soon as it is there', async () => {
    const { one, pass } = await reading({ 'at-a': outlineOf(['b']), 'at-b': outlineOf(['c']) });
    await one.show(outlineOf(['a']));
    expect(one.place('b')).toBeUndefined();
    one.heard('b');
    await pass(200);
    expect(one.place('b')?.id).toBe('b');
    one.heard('c');
    await pass(200);
    expect(one.place('b')).toBeUndefined();
    expect(one.place('c')?.id).toBe('c');
    expect(one.place(undefined)).toBeUndefined();
    expect(one.place('c')?.id).toBe('c');
    one.close();
  });

  it('begins with the first rows, unless a link leads further down or everything is read again', async () => {
    const { one, answers } = await reading({});
    const limits: (string | null)[] = [];
    answers['GET /api/sessions/ses_1/outline'] = ({ url }) => {
      limits.push(new URL(url).searchParams.get('limit'));
      return json(outlineOf(['a']));
    };
    const { signal } = new AbortController();
    await one.outline('b', signal);
    await one.show(await one.outline(undefined, signal));
    await one.outline(undefined, signal);
    expect(limits).toEqual([null, '200', null]);
    one.close();
  });

  it('reads the rest once the first messages are here, and leaves the rows that are shown as they are', async () => {
    const { one, ids, answers, requests, settled } = await reading({ more: outlineOf(['b', 'c']) });
    const messages = held(json({ messages: [] }));
    answers['GET /api/sessions/ses_1'] = () => messages.answer;
    const opened = one.open(undefined, new AbortController().signal);
    const shown = one.show(outlineOf(['a'], 'more'));
    await settled();
    const [first] = one.rows;
    expect({ ids: ids(), isWhole: one.isWhole, requests }).toEqual({
      ids: 'a',
      isWhole: false,
      requests: ['GET /api/sessions/ses_1'],
    });
    messages.send();
    await Promise.all([opened, shown]);
    expect({ ids: ids(), isWhole: one.isWhole }).toEqual({ ids: 'abc', isWhole: true });
    expect(one.rows[0]).toBe(first);
    one.close();
  });

  it('goes where every row is needed once they are here: to the last place that was asked for, if it was not taken back', async () => {
    for (const [isTakenBack, expected] of [
      [false, ['second with abc']],
      [true, []],
    ] as const) {
      const { one, ids, answers, settled } = await reading({});
      const rest = held(json(outlineOf(['b', 'c'])));
      answers['GET /api/sessions/ses_1/outline'] = () => rest.answer;
      const gone: string[] = [];
      const shown = one.show(outlineOf(['a'], 'more'));
      one.whenWhole(() => gone.push('first'));
      one.whenWhole(() => gone.push(`second with ${ids()}`));
      if (isTakenBack) one.stay();
      await settled();
      expect(gone).toEqual([]);
      rest.send();
      await shown;
      await settled();
      expect(gone).toEqual(expected);
      one.whenWhole(() => gone.push('at once'));
      expect(gone.at(-1)).toBe('at once');
      one.close();
    }
  });

  it('has a message at the end that was written while the rest was read', async () => {
    const pages: Record<string, Outline> = { 'at-b': outlineOf(['c']) };
    const { one, ids, answers, pass, settled } = await reading(pages);
    const rest = held(json(outlineOf(['b'])));
    const read = answers['GET /api/sessions/ses_1/outline']!;
    answers['GET /api/sessions/ses_1/outline'] = (request) =>
      request.url.endsWith('=more') ? rest.answer : read(request);
    const added: string[] = [];
    one.onadd = () => added.push(ids());
    const shown = one.show(outlineOf(['a'], 'more'));
    one.heard('c');
    await pass(200);
    expect(ids()).toBe('a');
    rest.send();
    await shown;
    await settled();
    await pass(200);
    expect(ids()).toBe('abc');
    // The rest is no news: a reader at the end of the first rows stays there.
    expect(added).toEqual(['ab']);
    one.close();
  });

  it('asks a busy server for the rest again, and says why it has none from one that fails', async () => {
    const pages: Record<string, Outline> = {};
    const { one, ids, answers, pass } = await reading(pages);
    const fails = answers['GET /api/sessions/ses_1/outline']!;
    answers['GET /api/sessions/ses_1/outline'] = () => json({}, { status: 503, headers: { 'retry-after': '3' } });
    const shown = one.show(outlineOf(['a'], 'more'));
    await pass(2_900);
    expect({ ids: ids(), failure: one.failure }).toEqual({ ids: 'a', failure: undefined });
    answers['GET /api/sessions/ses_1/outline'] = fails;
    await pass(100);
    await shown;
    expect({ ids: ids(), isWhole: one.isWhole, status: one.failure?.status }).toEqual({
      ids: 'a',
      isWhole: false,
      status: 500,
    });
    await one.show(outlineOf(['a', 'b']));
    expect({ ids: ids(), isWhole: one.isWhole, failure: one.failure }).toEqual({
      ids: 'ab',
      isWhole: true,
      failure: undefined,
    });
    one.close();
  });

  it('asks for nothing any more once it is closed', async () => {
    const { one, requests, pass } = await reading({});
    await one.show(outlineOf(['a']));
    one.heard('b');
    one.close();
    await pass(1_000);
    expect(requests).toEqual([]);
  });
});
