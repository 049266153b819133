import { banner } from './banner.ts';

const facts = {
  url: 'http://127.0.0.1:3211',
  dataDir: '/data',
  firstKeys: undefined,
  pluginFile: undefined,
  showsKey: true,
  givenKey: undefined,
  away: new Map(),
  storeNotes: [],
  command: { path: '/data/bin/opensync', isOnPath: false },
};

describe('the text at the start', () => {
  const made = {
    firstKeys: { plugin: 'osk_new', admin: 'osk_all', pluginFile: '/data/plugin-key', adminFile: '/data/admin-key' },
    pluginFile: '/data/plugin-key',
  };

  it('shows a new key for plugins on a terminal, ready to paste, and where the key of an admin is', () => {
    const text = banner({ ...facts, ...made });
    expect(text).toMatch(/^ {2}Key {6}osk_new .*\/data\/plugin-key/m);
    expect(text).toMatch(/^ {2}Admin {4}in the file \/data\/admin-key/m);
    expect(text).toContain('CLAUDE_SYNC_CONVEX_URL=http://127.0.0.1:3211 CLAUDE_SYNC_API_KEY=osk_new ');
    expect(text).toContain('claude-code-sync setup');
    expect(text).not.toContain('osk_all');
  });

  it('shows a link that logs in, if there is one', () => {
    const loginLink = 'http://127.0.0.1:3211/auth/login#token=abc';
    expect(banner({ ...facts, loginLink })).toMatch(/^ {2}Login {4}http:\S+#token=abc {3}\(once/m);
    expect(banner(facts)).not.toContain('Login');
  });

  it('shows no key where it would stay in a log, but the command that reads it', () => {
    const text = banner({ ...facts, ...made, showsKey: false });
    expect(text).toMatch(/^ {2}Key {6}in the file \/data\/plugin-key/m);
    expect(text).toContain(`CLAUDE_SYNC_API_KEY="$(cat '/data/plugin-key')" `);
    expect(text).not.toMatch(/osk_/);
  });

  it('reads the key from its file on later starts, too', () => {
    const text = banner({ ...facts, pluginFile: '/data/plugin-key' });
    expect(text).toContain(`CLAUDE_SYNC_API_KEY="$(cat '/data/plugin-key')" `);
  });

  it.each([true, false])('names a given key by its setting, unless it may do more than a plugin (%s)', (isAdmin) => {
    const text = banner({ ...facts, givenKey: { isNew: false, isAdmin } });
    expect(text).toContain(isAdmin ? 'CLAUDE_SYNC_API_KEY=osk_… ' : 'CLAUDE_SYNC_API_KEY="$OPENSYNC_BOOTSTRAP_KEY" ');
  });

  it('says how to connect on a later start, too, without a key', () => {
    const text = banner(facts);
    expect(text).toContain('CLAUDE_SYNC_CONVEX_URL=http://127.0.0.1:3211 CLAUDE_SYNC_API_KEY=osk_… ');
    expect(text).toContain('with a key for osk_…');
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
    const text = banner({ ...facts, givenKey: { isNew: false, isAdmin: true, problem: 'was revoked' } });
    expect(text).toContain('OPENSYNC_BOOTSTRAP_KEY gives no access: it was revoked.');
    expect(text).toContain('CLAUDE_SYNC_API_KEY=osk_… ');
  });
});
