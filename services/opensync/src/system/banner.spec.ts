import { banner } from './banner.ts';

const facts = { url: 'http://127.0.0.1:3211', dataDir: '/data', firstKey: undefined };

describe('the text at the start', () => {
  it('shows a new key once, ready to paste', () => {
    const text = banner({ ...facts, firstKey: { key: 'osk_new', given: false } });
    expect(text).toContain('Key    osk_new');
    expect(text).toContain('CLAUDE_SYNC_CONVEX_URL=http://127.0.0.1:3211 CLAUDE_SYNC_API_KEY=osk_new');
    expect(text).toContain('claude-code-sync setup');
  });

  it('never repeats a key that was given, and shows none on a later start', () => {
    expect(banner({ ...facts, firstKey: { key: 'osk_given', given: true } })).not.toContain('osk_given');
    expect(banner(facts)).not.toContain('osk_');
    expect(banner(facts)).toContain('/data');
  });
});
