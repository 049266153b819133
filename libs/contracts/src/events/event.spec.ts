import { readdirSync, readFileSync } from 'node:fs';
import { eventSubject } from '../subjects.ts';
import { EVENT_CATALOGUE, payloadsOf } from './catalogue.ts';
import { decodeEvent, eventHeaders, MalformedEventError, UnknownEventTypeError, type RawEvent } from './event.ts';
import type { EventType } from './schemas.ts';

interface Golden {
  subject: string;
  headers: Record<string, string>;
  body: unknown;
  /** Today's reading of the event, if it differs from the stored form. */
  today?: unknown;
}

const folder = new URL('../golden/', import.meta.url);
const golden = (name: string): Golden => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Golden;
const names = readdirSync(folder).map((name) => name.replace(/\.json$/, ''));

function rawEvent({ subject, headers, body }: Golden): RawEvent {
  return { subject, sequence: 7, header: (name) => headers[name], body: () => JSON.stringify(body) };
}

describe('golden events', () => {
  it('exist for every type', () => {
    const types = new Set(names.map((name) => golden(name).headers['ce-type']));
    expect([...types].sort()).toEqual(Object.keys(EVENT_CATALOGUE).sort());
  });

  it.each(names)('%s is read as it was once written, and written the same today', (name) => {
    const file = golden(name);
    const event = decodeEvent(rawEvent(file));
    const type = file.headers['ce-type'] as EventType;
    expect(event).toMatchObject({ type, sequence: 7 });
    expect(eventSubject(event.owner, EVENT_CATALOGUE[type].entity)).toBe(file.subject);
    expect(eventHeaders(event, file.headers['ce-source']!)).toEqual(file.headers);
    expect(event.data).toEqual(file.today ?? file.body);
    // An event read today would be written the same today.
    expect(decodeEvent(rawEvent({ ...file, body: event.data })).data).toEqual(event.data);
  });
});

describe('payloads of an event', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(64)) as [string, string, string, string];
  const reference = (sha256: string) => ({ sha256, size: 1, preview: '' });
  const blob = (sha256: string) => ({ sha256, size: 1, mediaType: 'image/png' });
  const ids = { messageId: 'msg_1', sessionId: 'ses_1' };
  it.each<[string, EventType, object, string[]]>([
    ['a session', 'dev.opensync.session.synced.v1', { sessionId: 'ses_1' }, []],
    [
      'a message',
      'dev.opensync.message.synced.v1',
      { ...ids, textRef: reference(a), media: [blob(b), blob(c), blob(b)] },
      [a, b, c],
    ],
    ['a message without any', 'dev.opensync.message.synced.v1', { ...ids, textContent: 'x' }, []],
    [
      'a part',
      'dev.opensync.part.synced.v1',
      { ...ids, partId: 'prt_1', contentRef: reference(a), extraRef: reference(b), media: [blob(c), blob(d)] },
      [a, b, c, d],
    ],
    ['a part without any', 'dev.opensync.part.synced.v1', { ...ids, partId: 'prt_1', content: a }, []],
  ])('are those that %s names', (_name, type, data, expected) => {
    expect(payloadsOf({ type, data } as Parameters<typeof payloadsOf>[0])).toEqual(expected);
  });
});

describe('decodeEvent', () => {
  const good = golden('dev.opensync.session.synced.v1');
  const part = golden('dev.opensync.part.synced.v1');
  it.each<[string, Partial<RawEvent>]>([
    ['a foreign subject', { subject: 'osk.events.session' }],
    ['a type on the wrong subject', { subject: good.subject.replace(/session$/, 'part') }],
    ['no type', { header: (name) => (name === 'ce-type' ? undefined : good.headers[name]) }],
    ['an unknown type', { header: (name) => (name === 'ce-type' ? 'toString' : good.headers[name]) }],
    ['no time', { header: (name) => (name === 'ce-time' ? 'yesterday' : good.headers[name]) }],
    ['a body that is not JSON', { body: () => '{' }],
    ['data of another shape', { body: () => '{"sessionId":1}' }],
    ['data nested deeper than the stack', { body: () => `{"title":${'['.repeat(1e5)}${']'.repeat(1e5)}}` }],
  ])('rejects %s', (_name, wrong) => {
    expect(() => decodeEvent({ ...rawEvent(good), ...wrong })).toThrow(MalformedEventError);
  });

  it.each(['session', 'weather'])('reports only an unknown type for an event on the entity %s', (entity) => {
    const subject = good.subject.replace(/session$/, entity);
    const header = (name: string) => (name === 'ce-type' ? 'dev.opensync.weather.changed.v1' : good.headers[name]);
    expect(() => decodeEvent({ ...rawEvent(good), subject, header })).toThrow(UnknownEventTypeError);
  });

  it('accepts the content of a part unchanged, whatever JSON it is', () => {
    const contents = [null, '', 0, [], {}, [[[1.5]]], JSON.parse('{"__proto__":{"a":[true]},"":"\\u0000 \\ud800"}')];
    for (const content of contents) {
      const body = JSON.stringify({ ...(part.body as object), content });
      const { data } = decodeEvent({ ...rawEvent(part), body: () => body });
      expect(JSON.stringify(data)).toContain(`"content":${JSON.stringify(content)}`);
    }
    expect(
      decodeEvent(rawEvent({ ...part, body: { ...(part.body as object), content: undefined } })).data,
    ).not.toHaveProperty('content');
  });

  it('rejects content nested deeper than the gateway allows', () => {
    const nested = (levels: number) => {
      const content = JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;
      return () => decodeEvent(rawEvent({ ...part, body: { ...(part.body as object), content } }));
    };
    expect(nested(100)).not.toThrow();
    expect(nested(128)).toThrow(/nested deeper than 128 levels/);
  });

  it('costs little more than parsing', () => {
    const content = Array.from({ length: 3_000 }, (_, n) => ({ id: n, name: `file ${n}`, tags: ['a', 'b'], ok: true }));
    const raw = rawEvent({ ...part, body: { ...(part.body as object), content } });
    const body = raw.body();
    const best = (work: () => void) => {
      const times = Array.from({ length: 40 }, () => {
        const start = performance.now();
        work();
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    const decoding = best(() => decodeEvent({ ...raw, body: () => body }));
    // Checking every value with a schema took nine times as long as parsing.
    expect(decoding / best(() => JSON.parse(body))).toBeLessThan(4);
  });
});
