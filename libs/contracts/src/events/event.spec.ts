import { readFileSync } from 'node:fs';
import { eventSubject } from '../subjects.ts';
import {
  decodeEvent,
  EVENT_DEFINITIONS,
  eventHeaders,
  MalformedEventError,
  type EventType,
  type RawEvent,
} from './event.ts';

interface Golden {
  subject: string;
  headers: Record<string, string>;
  body: unknown;
}

const types = Object.keys(EVENT_DEFINITIONS) as EventType[];
const golden = (type: EventType): Golden =>
  JSON.parse(readFileSync(new URL(`../golden/${type}.json`, import.meta.url), 'utf8'));

function rawEvent({ subject, headers, body }: Golden): RawEvent {
  return { subject, sequence: 7, header: (name) => headers[name], body: () => JSON.stringify(body) };
}

describe.each(types)('%s', (type) => {
  it('reads what was once written, and writes it the same today', () => {
    const file = golden(type);
    const event = decodeEvent(rawEvent(file));
    expect(event).toMatchObject({ type, sequence: 7, data: file.body });
    expect(eventSubject(event.owner, EVENT_DEFINITIONS[type].entity)).toBe(file.subject);
    expect(eventHeaders(event, file.headers['ce-source']!)).toEqual(file.headers);
    expect(event.data).toEqual(file.body);
  });
});

describe('decodeEvent', () => {
  const good = golden('dev.opensync.session.synced.v1');
  it.each<[string, Partial<RawEvent>]>([
    ['a foreign subject', { subject: 'osk.events.session' }],
    ['a type on the wrong subject', { subject: good.subject.replace(/session$/, 'part') }],
    ['no type', { header: (name) => (name === 'ce-type' ? undefined : good.headers[name]) }],
    ['an unknown type', { header: (name) => (name === 'ce-type' ? 'toString' : good.headers[name]) }],
    ['no time', { header: (name) => (name === 'ce-time' ? 'yesterday' : good.headers[name]) }],
    ['a body that is not JSON', { body: () => '{' }],
    ['data of another shape', { body: () => '{"sessionId":1}' }],
  ])('refuses %s', (_name, wrong) => {
    expect(() => decodeEvent({ ...rawEvent(good), ...wrong })).toThrow(MalformedEventError);
  });
});
