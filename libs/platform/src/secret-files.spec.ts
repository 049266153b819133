import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, loadSettingsOf, settingsSchema } from './config.ts';
import { SECRET_SETTINGS } from './secret-files.ts';
import { problemOf } from './testing/problem-of.ts';
import { unknownSettings } from './unknown-settings.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opensync-secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('a secret in a file', () => {
  it.each(['hush', 'hush\n', 'hush\r\n'])('is read, without its last newline: %j', async (content) => {
    const env = { NATS_TOKEN_FILE: await file('token', content) };
    expect(loadSettings(env).NATS_TOKEN).toBe('hush');
  });

  it.each([...SECRET_SETTINGS])('may be %s', async (name) => {
    const value = name.endsWith('_URL')
      ? {
          NATS_URL: 'nats://a',
          MONGODB_URL: 'mongodb://a',
          ELASTICSEARCH_URL: 'http://a',
          QDRANT_URL: 'http://a',
          OPENSYNC_SMTP_URL: 'smtp://a',
        }[name as 'NATS_URL']
      : 'osk_0123456789abcdefghij';
    const env = { [`${name}_FILE`]: await file('value', `${value}\n`) };
    expect(loadSettings(env)[name]).toBe(value);
    expect(unknownSettings(env)).toEqual([]);
  });

  it('keeps blanks and all newlines but the last, which may belong to it', async () => {
    expect(loadSettings({ NATS_TOKEN_FILE: await file('token', ' a\nb \n\n') }).NATS_TOKEN).toBe(' a\nb \n');
  });

  it.each([
    ['is missing', '/nowhere/token', /^NATS_TOKEN_FILE: "\/nowhere\/token" cannot be read: there is no such file$/],
    ['is a folder', tmpdir(), /^NATS_TOKEN_FILE: ".+" is not a file$/],
    ['is not a regular file', '/dev/zero', /^NATS_TOKEN_FILE: "\/dev\/zero" is not a file$/],
  ])('is named with its setting if it %s', (_what, path, message) => {
    expect(problemOf({ NATS_TOKEN_FILE: path })).toMatch(message);
  });

  it('is rejected if it is empty or unreasonably large', async () => {
    const empty = await file('empty', '\n');
    const large = await file('large', 'x'.repeat(65_537));
    expect(problemOf({ NATS_TOKEN_FILE: empty, QDRANT_API_KEY_FILE: large }).split('\n')).toEqual([
      `NATS_TOKEN_FILE: "${empty}" is empty`,
      `QDRANT_API_KEY_FILE: "${large}" is larger than 65536 bytes`,
    ]);
  });

  it('is rejected if the setting itself is set, too', async () => {
    expect(problemOf({ NATS_TOKEN: 'other', NATS_TOKEN_FILE: await file('token', 'hush') })).toBe(
      'NATS_TOKEN_FILE: NATS_TOKEN is set as well; set only one of them',
    );
  });

  it('is never shown, not even if it is invalid', async () => {
    const secret = await file('secret', 'hush');
    const url = await file('url', 'hush://hush');
    const problem = problemOf({ OPENSYNC_KEY_SECRET_FILE: secret, MONGODB_URL_FILE: url });
    expect(problem.split('\n').toSorted()).toEqual([
      `MONGODB_URL_FILE: the content of "${url}" is not a URL that starts with mongodb:// or mongodb+srv://`,
      `OPENSYNC_KEY_SECRET_FILE: the content of "${secret}" is shorter than 16 characters`,
    ]);
  });

  it('does not affect a process that does not read the setting', () => {
    expect(loadSettingsOf({ NATS_TOKEN_FILE: '/nowhere' }, ['LOG_LEVEL'])).toEqual({ LOG_LEVEL: 'warn' });
  });
});

describe('the folder of secrets', () => {
  it('has a file for each secret, which whatever is set overrides', async () => {
    await file('NATS_TOKEN', 'from the folder\n');
    await file('QDRANT_API_KEY', 'from the folder\n');
    const env = { OPENSYNC_SECRETS_DIR: folder, QDRANT_API_KEY: 'set' };
    expect(loadSettings(env)).toMatchObject({ NATS_TOKEN: 'from the folder', QDRANT_API_KEY: 'set' });
    const other = { ...env, QDRANT_API_KEY: '', QDRANT_API_KEY_FILE: await file('other', 'from a file') };
    expect(loadSettings(other).QDRANT_API_KEY).toBe('from a file');
  });

  it('must exist, and is named if one of its files is invalid', async () => {
    expect(problemOf({ OPENSYNC_SECRETS_DIR: '/nowhere' })).toBe('OPENSYNC_SECRETS_DIR: "/nowhere" is not a folder');
    const path = await file('OPENSYNC_KEY_SECRET', 'hush');
    expect(problemOf({ OPENSYNC_SECRETS_DIR: folder })).toBe(
      `OPENSYNC_SECRETS_DIR: the content of "${path}" is shorter than 16 characters`,
    );
  });

  it('has no file for settings that are no secrets', async () => {
    await file('LOG_LEVEL', 'debug');
    expect(loadSettings({ OPENSYNC_SECRETS_DIR: folder }).LOG_LEVEL).toBe('warn');
  });
});

it('every setting that looks like a secret is among the secrets', () => {
  const names = Object.keys(settingsSchema.shape).filter((name) => /(KEY|TOKEN|SECRET|PASSWORD)$/.test(name));
  expect(names.filter((name) => !(SECRET_SETTINGS as readonly string[]).includes(name))).toEqual([]);
});
