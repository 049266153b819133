import { changeSubject, eventSubject, parseChangeSubject, parseEventSubject } from './subjects.ts';

const owner = { workspaceId: 'wsp_a', userId: 'usr_b' };

describe('subjects', () => {
  it('carry owner and entity there and back', () => {
    expect(eventSubject(owner, 'part')).toBe('osk.events.wsp_a.usr_b.part');
    expect(parseEventSubject('osk.events.wsp_a.usr_b.part')).toEqual({ owner, entity: 'part' });
    expect(parseChangeSubject(changeSubject(owner))).toEqual(owner);
  });

  it.each(['osk.events.a.b', 'osk.events.a.b.nothing', 'osk.events.a.b.part.c', 'osk.changes.a.b', 'x', ''])(
    'are not %j',
    (subject) => expect(parseEventSubject(subject)).toBeUndefined(),
  );
});
