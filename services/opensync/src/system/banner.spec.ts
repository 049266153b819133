import { banner } from './banner.ts';

const facts = {
  url: 'http://127.0.0.1:3211',
  dataDir: '/data',
  firstKey: undefined,
  givenKey: undefined,
  away: new Map(),
  storeNotes: [],
  command: { path: '/data/bin/opensync', isOnPath: false },
};

describe('the text at the start', () => {
  it('shows a new key once, ready to paste', () => {
    const text = banner({ ...facts, firstKey: 'osk_new' });
    expect(text).toContain('Key      osk_new');
    expect(text).toContain('CLAUDE_SYNC_CONVEX_URL=http://127.0.0.1:3211 CLAUDE_SYNC_API_KEY=osk_new');
    expect(text).toContain('claude-code-sync setup');
  });

  it.each([true, false])('names a key that was given by its setting (new: %s)', (isNew) => {
    expect(banner({ ...facts, givenKey: { isNew } })).toContain('CLAUDE_SYNC_API_KEY="$OPENSYNC_BOOTSTRAP_KEY"');
  });

  it('says how to connect on a later start, too, without a key', () => {
    const text = banner(facts);
    expect(text).toContain('CLAUDE_SYNC_CONVEX_URL=http://127.0.0.1:3211 CLAUDE_SYNC_API_KEY=osk_… ');
    expect(text).toContain('with your key for osk_…');
    expect(text).not.toMatch(/osk_[\w-]/);
    expect(text).toContain('/data');
    expect(text).toContain('keys create');
  });

  it('shows where the command is, and how a shell finds it unless it already does', () => {
    const text = banner(facts);
    expect(text).toContain('  Command  /data/bin/opensync\n');
    expect(text).toContain('\n  export PATH="/data/bin:$PATH"\n');
    expect(banner({ ...facts, command: { ...facts.command, isOnPath: true } })).not.toContain('export PATH');
    expect(banner({ ...facts, command: undefined })).not.toContain('Command');
  });

  it('says what is unavailable while a store does not answer, and why', () => {
    const text = banner({ ...facts, away: new Map([['search', 'ELASTICSEARCH_URL: …']]) });
    expect(text).toContain(
      '\nThe search store does not answer: search by words is unavailable until it does.\n  ELASTICSEARCH_URL: …\n',
    );
  });

  it('says why a given key gives no access', () => {
    const text = banner({ ...facts, givenKey: { isNew: false, problem: 'was revoked' } });
    expect(text).toContain('OPENSYNC_BOOTSTRAP_KEY gives no access: it was revoked.');
    expect(text).toContain('CLAUDE_SYNC_API_KEY=osk_… ');
  });
});
