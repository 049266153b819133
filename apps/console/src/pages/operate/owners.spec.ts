import { dataHref, ownerOfSubject } from './owners.ts';

describe('the owner of a subject', () => {
  it.each([
    ['osk.events.wsp_1.usr_1.session', { workspaceId: 'wsp_1', userId: 'usr_1' }],
    ['osk.changes.wsp_1.usr_1', { workspaceId: 'wsp_1', userId: 'usr_1' }],
    ['osk.dlq.documents.1', undefined],
    ['osk.events', undefined],
    ['', undefined],
  ])('of %s is %j', (subject, owner) => expect(ownerOfSubject(subject)).toEqual(owner));

  it('is in the address of a document', () => {
    const owner = { workspaceId: 'wsp_1', userId: 'usr_1' };
    expect(dataHref('ses_1', owner)).toBe('/app/operate/data/ses_1?workspace=wsp_1&user=usr_1');
    expect(dataHref('ses/1', undefined)).toBe('/app/operate/data/ses%2F1');
  });
});
