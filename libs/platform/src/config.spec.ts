import { homedir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, loadSettingsOf } from './config.ts';
import { parseNatsServers } from './nats-servers.ts';
import { problemOf } from './testing/problem-of.ts';
import { unknownSettings } from './unknown-settings.ts';

describe('an invalid setting', () => {
  it.each([
    [{ PORT: '99999' }, 'PORT: "99999" is not a whole number from 0 to 65535'],
    [{ PORT: '0x10' }, 'PORT: "0x10" is not a whole number from 0 to 65535'],
    [{ OPENSYNC_BODY_LIMIT: '10MB' }, 'OPENSYNC_BODY_LIMIT: "10MB" is not a whole number (bytes, e.g. 10485760)'],
    [
      { OPENSYNC_WEBHOOK_PRIVATE_HOSTS: '!' },
      'OPENSYNC_WEBHOOK_PRIVATE_HOSTS: "!" is not a list of host names, such as sync.example.com,opensync',
    ],
    [{ OPENSYNC_READ_RATE_LIMIT: '-1' }, 'OPENSYNC_READ_RATE_LIMIT: "-1" is not a whole number, 0 or more'],
    [{ OPENSYNC_TRACE_RATIO: '2' }, 'OPENSYNC_TRACE_RATIO: "2" is not a number from 0 to 1'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: "loud" is not one of fatal, error, warn, info, debug, trace, silent'],
    [{ OPENSYNC_KEY_DISPLAY: 'never' }, 'OPENSYNC_KEY_DISPLAY: "never" is not one of terminal, always'],
    [{ HOST: 'http://localhost' }, 'HOST: "http://localhost" is not a host name or an IP address alone'],
    [{ QDRANT_URL: 'qdrant' }, 'QDRANT_URL: "qdrant" is not a URL that starts with http:// or https://'],
    [{ OPENSYNC_BOOTSTRAP_EMAIL: 'ada' }, 'OPENSYNC_BOOTSTRAP_EMAIL: "ada" is not an e-mail address'],
    [
      { OPENSYNC_PROJECTOR_ROLES: 'search,mail,post' },
      'OPENSYNC_PROJECTOR_ROLES: "search,mail,post" is not a list of documents, search, vectors, separated by commas',
    ],
  ])('is named with its value: %j', (env, message) => {
    expect(problemOf(env)).toBe(message);
  });

  it.each([
    { OPENSYNC_KEY_SECRET: 'hush' },
    { OPENSYNC_BOOTSTRAP_KEY: 'hush' },
    { MONGODB_URL: 'mongo://ada:hush@host' },
    { NATS_URL: 'http://hush@host' },
    { NATS_URL: 'nats://a:4222,nats://ada:hu/sh@b:4222' },
  ])('is not shown if it may be a secret: %j', (env) => {
    expect(problemOf(env)).toMatch(/: the value is /);
    expect(problemOf(env)).not.toContain('hush');
  });

  it.each([
    ...['foo', 'localhost', 'a,b', 'nats://a,b', ':4222', '4222', 'a:', 'http://log', 'ws://log', 'wss://log:443'],
    ...['nats:', 'nats://', 'nats:/log', 'nats//log', 'nats://log:99999', 'log:99999', 'nats://log,', 'nats://a b'],
    ...['nats://log/events', 'nats://log?tls', 'nats://log#1', 'nats://log:port', ',', 'true'],
  ])('is not a list of NATS servers: %s', (list) => {
    expect(problemOf({ NATS_URL: list })).toBe(
      `NATS_URL: ${JSON.stringify(list)} is not a list of URLs that start with nats:// or tls://, separated by commas`,
    );
  });

  it.each([
    ...['foo', 'localhost:27017', 'mongo://a', 'mongodb:/a', 'mongodb://', 'mongodb:///name', 'mongodb://a b'],
    ...['mongodb://a:99999', 'mongodb://a,,b', 'mongodb://a:port', 'mongodb+srv://', 'mongodb://:27017'],
  ])('is not a MongoDB URL: %s', (value) => {
    expect(problemOf({ MONGODB_URL: value })).toBe(
      `MONGODB_URL: ${JSON.stringify(value)} is not a URL that starts with mongodb:// or mongodb+srv://`,
    );
  });

  it.each([
    ...['mongodb://localhost:27017', 'mongodb://a,b:27018/opensync?replicaSet=rs0', 'mongodb+srv://c.example/x'],
    ...['mongodb://[::1]:27017', 'mongodb://ada:p%40ss@a/?tls=true', 'mongodb://a?tls=true'],
  ])('is a MongoDB URL: %s', (value) => {
    expect(loadSettings({ MONGODB_URL: value }).MONGODB_URL).toBe(value);
  });

  it.each(['foo', 'localhost:9200', 'http:', 'http://', 'http:foo', 'ftp://a', 'http://a:99999', 'http://a b', '//a'])(
    'is not an HTTP URL: %s',
    (value) => {
      for (const name of ['ELASTICSEARCH_URL', 'QDRANT_URL', 'OPENAI_BASE_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT']) {
        expect(problemOf({ [name]: value })).toBe(
          `${name}: ${JSON.stringify(value)} is not a URL that starts with http:// or https://`,
        );
      }
    },
  );

  it.each(['https://sync.example.com', 'sync.example.com:443', 'a b', '*', 'a,,b'])('is no host name: %s', (names) => {
    expect(problemOf({ OPENSYNC_MCP_HOSTS: names })).toContain('is not a list of host names');
  });

  it.each(['Mars/Olympus', '+25:00', 'UTC+1'])('is no time zone: %s', (name) => {
    expect(problemOf({ OPENSYNC_TIME_ZONE: name })).toContain('is no time zone of the IANA database');
  });

  it.each(['app.example', 'https://app.example/', 'https://app.example,', 'HTTPS://App.example'])(
    'is an origin that no browser would send: %s',
    (origins) => {
      expect(problemOf({ OPENSYNC_CORS_ORIGINS: origins })).toContain('is neither * nor a list of origins');
    },
  );

  it.each([
    'sync.example.com',
    'http://sync.example.com',
    'https://sync.example.com/x',
    'https://a@b',
    'ftp://localhost',
  ])('is no address that people could log in at: %s', (url) => {
    expect(problemOf({ OPENSYNC_LOGIN_URL: url })).toContain('is not an https:// address without a path');
  });

  it.each(['auth.example.com', 'http://auth.example.com', 'https://a.example/?x', 'https://u:p@a.example', 'ftp://a'])(
    'is no issuer whose word counts: %s',
    (value) => {
      for (const name of ['OIDC_ISSUER', 'WORKOS_API_URL']) {
        expect(problemOf({ [name]: value })).toContain('is not an https:// address (http:// is for localhost)');
      }
    },
  );

  it('is no role of a first login: owner', () => {
    expect(problemOf({ OPENSYNC_LOGIN_JOIN: 'owner' })).toContain('OPENSYNC_LOGIN_JOIN');
  });

  it.each(['opensync', '/a b', '/a/../b?', '//', '/<script>', 'https://a/b'])('is no path of a proxy: %s', (path) => {
    expect(problemOf({ OPENSYNC_BASE_PATH: path })).toContain('is not a path such as /opensync');
  });

  it.each([
    ['OPENSYNC_LOGIN_HOURS', '0'],
    ['OPENSYNC_LOGIN_IDLE_HOURS', '9000'],
    ['OPENSYNC_ADDRESS_CONNECTIONS', '0'],
    ['OPENSYNC_HEADERS_SECONDS', '0'],
    ['OPENSYNC_HEADERS_SECONDS', '61'],
    ['OPENSYNC_LIVE_STREAMS', '-1'],
    ['OPENSYNC_KEY_LIVE_STREAMS', '0'],
    ['OPENSYNC_KEYLESS_LIMIT', '-1'],
    ['OPENSYNC_SHED_FROM', '-1'],
    ['OPENSYNC_DAILY_REQUESTS', '-1'],
    ['OPENSYNC_DAILY_EVENTS', '1.5'],
    ['OPENSYNC_DAILY_BYTES', '10MB'],
  ])('is no limit: %s=%s', (name, value) => {
    expect(problemOf({ [name]: value })).toContain(`${name}: ${JSON.stringify(value)} is not a whole number`);
  });

  it('has its own line, and does not affect processes that do not read it', () => {
    const env = { PORT: 'a', HOST: 'b c' };
    expect(problemOf(env).split('\n')).toHaveLength(2);
    expect(loadSettingsOf(env, ['LOG_LEVEL'])).toEqual({ LOG_LEVEL: 'warn' });
  });
});

describe('settings', () => {
  it('are parsed from their text', () => {
    const env = {
      PORT: '8080',
      HOST: '::1',
      OPENSYNC_TRACE_RATIO: '0.25',
      OPENSYNC_CORS_ORIGINS: 'https://app.example, chrome-extension://abc, http://localhost:5173',
      OPENSYNC_BOOTSTRAP_EMAIL: '',
    };
    expect(loadSettings(env)).toMatchObject({
      PORT: 8080,
      HOST: '::1',
      OPENSYNC_TRACE_RATIO: 0.25,
      OPENSYNC_CORS_ORIGINS: env.OPENSYNC_CORS_ORIGINS,
      OPENSYNC_BOOTSTRAP_EMAIL: 'me@localhost',
      OPENSYNC_BODY_LIMIT: 10_485_760,
    });
  });

  it.each([
    ['~/data', join(homedir(), 'data')],
    ['~', homedir()],
    ['/srv/~/data', '/srv/~/data'],
    ['~ada/data', '~ada/data'],
  ])('accept %s for the data folder %s', (given, path) => {
    expect(loadSettings({ OPENSYNC_DATA_DIR: given }).OPENSYNC_DATA_DIR).toBe(path);
  });
});

describe('NATS servers', () => {
  it.each([
    'nats://a:4222,nats://b:4222',
    'nats://a:4222,b:4222',
    'tls://a, tls://b',
    '[::1]:4222',
    'a:1,b:2',
    'nats://a/',
  ])('may be several: %s', (list) => {
    expect(loadSettings({ NATS_URL: list }).NATS_URL).toBe(list);
  });

  it('are parsed with their credentials, separate from the address', () => {
    const list = 'nats://ada:p%40ss%2C7@a:4222, tls://a-token@b , c:4223,nats://[::1]:4222';
    expect(parseNatsServers(list)).toEqual([
      { address: 'nats://a:4222', tls: false, user: 'ada', password: 'p@ss,7' },
      { address: 'tls://b', tls: true, token: 'a-token' },
      { address: 'nats://c:4223', tls: false },
      { address: 'nats://[::1]:4222', tls: false },
    ]);
  });

  it.each(['nats://:secret@a', 'nats://ada:%zz@a'])('are invalid with half a user: %s', (list) => {
    expect(parseNatsServers(list)).toBeUndefined();
  });
});

describe('unknown variables', () => {
  it.each([
    ['OPENSYNC_DATADIR', 'OPENSYNC_DATA_DIR'],
    ['OPENSYNC_BODY_LIMITS', 'OPENSYNC_BODY_LIMIT'],
    ['OPENSYNC_LOG_LEVEL', 'LOG_LEVEL'],
  ])('are reported with the setting that is probably meant: %s', (name, meant) => {
    expect(unknownSettings({ [name]: 'x' })).toEqual([`${name} is not an OpenSync setting; did you mean ${meant}?`]);
  });

  it('are reported alone if no setting is similar', () => {
    expect(unknownSettings({ OPENSYNC_FLUX_CAPACITOR: '' })).toEqual([
      'OPENSYNC_FLUX_CAPACITOR is not an OpenSync setting',
    ]);
  });

  it('are ignored if they belong to other programs', () => {
    const names = ['E2E_URL', 'RELEVANCE', 'IMAGE', 'PORT', 'PORT_3211_TCP_ADDR', 'INGEST_SERVICE_HOST', 'SYNC'];
    const env = Object.fromEntries(names.map((name) => [`OPENSYNC_${name}`, 'x']));
    expect(unknownSettings({ ...env, OPENSYNCHRONY: '1', HOME: '/' })).toEqual([]);
  });
});
