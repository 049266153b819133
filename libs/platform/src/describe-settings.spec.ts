import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, loadSettingsOf, settingsSchema } from './config.ts';
import { describeSettings } from './describe-settings.ts';
import { SECRET_SETTINGS } from './secret-files.ts';

describe('describeSettings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('says of each setting where its value comes from', () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'a secret of a file');
    const env = { HOST: '0.0.0.0', NATS_TOKEN_FILE: file };
    const settings = loadSettings({ ...env, PORT: '4000' });
    const described = new Map(describeSettings(settings, env).map(({ name, ...rest }) => [name, rest]));
    expect(described.get('PORT')).toEqual({ value: '4000', isSecret: false, origin: 'command line' });
    expect(described.get('HOST')).toEqual({ value: '0.0.0.0', isSecret: false, origin: 'environment' });
    expect(described.get('OPENSYNC_SYNC')).toEqual({ value: 'always', isSecret: false, origin: 'default' });
    expect(described.get('NATS_TOKEN')).toEqual({ value: '(hidden)', isSecret: true, origin: 'file' });
    expect(described.get('QDRANT_URL')).toEqual({ value: null, isSecret: true, origin: 'default' });
    expect(described.get('OPENSYNC_PROJECTOR_ROLES')?.value).toBe('documents,search,vectors');
  });

  it('shows no secret, and of a URL with a password its server', () => {
    const env = {
      ...Object.fromEntries(SECRET_SETTINGS.map((name) => [name, 'osk_a-secret-that-nobody-must-see-0123456789'])),
      NATS_URL: 'nats://user:password@nats.example.com:4222',
      MONGODB_URL: 'mongodb+srv://user:password@db.example.com/opensync?authSource=secret',
      ELASTICSEARCH_URL: 'https://user:password@search.example.com',
      QDRANT_URL: 'https://vectors.example.com',
      OPENSYNC_SMTP_URL: 'smtps://user:password@mail.example.com',
    };
    const described = describeSettings(loadSettings(env), env);
    expect(JSON.stringify(described)).not.toMatch(/password|osk_a-secret|authSource/);
    const values = new Map(described.map(({ name, value }) => [name, value]));
    expect(values.get('NATS_URL')).toBe('nats://nats.example.com:4222');
    expect(values.get('MONGODB_URL')).toBe('mongodb+srv://db.example.com/opensync');
  });

  it('counts every setting whose name says that it is a secret as one', () => {
    const named = Object.keys(settingsSchema.shape).filter((name) => /(_KEY|_TOKEN|_SECRET|_PASSWORD)$/.test(name));
    expect(named.filter((name) => !(SECRET_SETTINGS as readonly string[]).includes(name))).toEqual([]);
  });

  it('describes what a service reads alone', () => {
    const described = describeSettings(loadSettingsOf({}, ['PORT', 'LOG_LEVEL']), {}, ['LOG_LEVEL', 'PORT']);
    expect(described.map(({ name }) => name)).toEqual(['PORT', 'LOG_LEVEL']);
  });
});
