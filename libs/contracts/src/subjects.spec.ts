import {
  changeSubject,
  eventSubject,
  parseChangeSubject,
  parseEventSubject,
  parsePayloadSubject,
  payloadSubject,
} from './subjects.ts';

const owner = { workspaceId: 'wsp_a', userId: 'usr_b' };

describe('subjects', () => {
  it('round-trip owner and entity', () => {
    expect(eventSubject(owner, 'part')).toBe('osk.events.wsp_a.usr_b.part');
    expect(parseEventSubject('osk.events.wsp_a.usr_b.part')).toEqual({ owner, entity: 'part' });
    expect(parseChangeSubject(changeSubject(owner))).toEqual(owner);
  });

  it('may be of entities that only a newer version knows', () => {
    expect(parseEventSubject('osk.events.wsp_a.usr_b.weather')).toEqual({ owner, entity: 'weather' });
  });

  it.each(['osk.events.a.b', 'osk.events.a.b.', 'osk.events.a.b.*', 'osk.events.a..part', 'osk.events.a.b.part.c'])(
    'are not %j',
    (subject) => expect(parseEventSubject(subject)).toBeUndefined(),
  );

  it.each(['osk.changes.a.b', 'osk.events.a.b.part\n', 'x', ''])('are not %j', (subject) =>
    expect(parseEventSubject(subject)).toBeUndefined(),
  );

  describe('of payloads', () => {
    const sha256 = 'a1'.repeat(32);

    it.each([owner, 'unscoped'] as const)('round-trip scope and hash: %j', (scope) => {
      expect(parsePayloadSubject(payloadSubject(scope, sha256))).toEqual({ scope, sha256 });
    });

    it.each([`osk.payloads.a.${sha256}`, `osk.payloads.a.b.c.${sha256}`, 'osk.payloads.a.b.c', `osk.x.${sha256}`, ''])(
      'are not %j',
      (subject) => expect(parsePayloadSubject(subject)).toBeUndefined(),
    );

    it.each(['', '*', '>', 'A1'.repeat(32), `${sha256}.x`])('are never built from %j', (hash) => {
      expect(() => payloadSubject(owner, hash)).toThrow(TypeError);
    });
  });
});
