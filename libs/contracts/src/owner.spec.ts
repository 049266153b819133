import { maySee, type Reader } from './owner.ts';
import { readerOf } from './principal.ts';

describe('maySee', () => {
  const ann = { workspaceId: 'wsp_1', userId: 'usr_ann' };
  const caller = (workspaceId: string, userId: string): Reader => readerOf({ workspaceId, userId });

  it.each([
    ['the owner', caller('wsp_1', 'usr_ann'), true, true],
    ['a member of the workspace', caller('wsp_1', 'usr_ben'), false, true],
    ['a user of another workspace', caller('wsp_2', 'usr_cid'), false, false],
    ['the same user in another workspace', caller('wsp_2', 'usr_ann'), false, false],
    ['an owner who reads their own sessions alone', ann, true, true],
    ['a member who reads their own sessions alone', { ...ann, userId: 'usr_ben' }, false, false],
  ])('returns the sessions that %s may see', (_name, reader, isPrivateSeen, isSharedSeen) => {
    expect(maySee(reader, ann, 'private')).toBe(isPrivateSeen);
    expect(maySee(reader, ann, 'workspace')).toBe(isSharedSeen);
  });
});
