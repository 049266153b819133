import fc from 'fast-check';
import { messageIdOf, newKeyId, partIdOf, sessionIdOf, userIdOf, workspaceIdOf } from './ids.ts';

const owner = { workspaceId: 'wsp_a', userId: 'usr_a' };

describe('ids', () => {
  it('are a prefix and 26 Crockford base32 characters, and stable forever', () => {
    expect(sessionIdOf(owner, 'one')).toMatch(/^ses_[0-9a-hjkmnp-tv-z]{26}$/);
    // Stored data depends on these: they must never change.
    expect(sessionIdOf(owner, 'one')).toBe('ses_8mhrvbc2afx2aa6en7vnt1hg1z');
    expect(messageIdOf('ses_x', 'm')).toBe('msg_jvrs8xndk5snpz5x1vq3fm7pac');
    expect(partIdOf('msg_x', 0)).toBe('prt_pcb7r9mqbrewn2bnshx4g2wdzp');
    expect(workspaceIdOf('default')).toBe('wsp_xpamwgft7wwnsv0yzb9tc9r0zs');
  });

  it('of keys look alike and are all different', () => {
    const ids = Array.from({ length: 100 }, newKeyId);
    for (const id of ids) expect(id).toMatch(/^key_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('differ if owner or external id differ, also across the boundary between the two', () => {
    const text = fc.string({ minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(text, text, text, text, (userA, externalA, userB, externalB) => {
        fc.pre(userA !== userB || externalA !== externalB);
        const a = sessionIdOf({ ...owner, userId: userA }, externalA);
        expect(a).not.toBe(sessionIdOf({ ...owner, userId: userB }, externalB));
      }),
    );
  });

  it('ignore the case of an e-mail address', () => {
    expect(userIdOf('wsp_a', ' Ada@Example.org')).toBe(userIdOf('wsp_a', 'ada@example.org'));
  });
});
