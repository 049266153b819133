import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { ConfigError } from '@opensync/platform';
import { StoreUnavailableError } from '../../description.ts';
import { scriptedMongo, type ScriptedAnswer } from '../../testing/scripted-mongo.ts';
import { openMongoDocuments } from './store.ts';
import { ada, aMessage, aSession, fresh, save } from '../conformance/states.ts';

const refusal = (code: number, errmsg = 'no') => ({ ok: 0, code, errmsg });

/** The error of opening. */
async function openingError(url: string): Promise<Error> {
  try {
    await (await openMongoDocuments({ url })).close();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was opened');
}

/** A URL where nothing listens. */
async function nowhere(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `mongodb://127.0.0.1:${port}`;
}

describe('opening documents on MongoDB', () => {
  const secret = 'hunter2';

  it.each([
    ['no connection string', `http://ada:${secret}@localhost/`],
    ['no host', 'mongodb://'],
    ['a port that is none', `mongodb://ada:${secret}@localhost:port/`],
    ['an unescaped password', `mongodb://ada:${secret}/${secret}@localhost`],
    ['an unescaped user', `mongodb://${secret}@corp:x@localhost`],
    ['an option that does not exist', `mongodb://ada:${secret}@localhost/?retries=maybe`],
    ['a user without a password', 'mongodb://localhost/?authMechanism=SCRAM-SHA-256'],
  ])('names the setting with %s, in one line without credentials', async (_, url) => {
    const error = await openingError(url);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(/^MONGODB_URL: .*mongodb:\/\/user:password@host/);
    expect(error.message).not.toContain('\n');
    expect(error.message).not.toContain(secret);
  });

  it.each<[string, RegExp, (name: string) => ScriptedAnswer | undefined]>([
    ['wrong credentials', /user, password and authSource/, (name) => (name === 'saslStart' ? refusal(18) : undefined)],
    [
      'a server without users',
      /leave user and password out/,
      (name) => (name === 'saslStart' ? refusal(59, "no such command: 'saslStart'") : undefined),
    ],
    ['an invalid database name', /database name/, (name) => (name === 'buildInfo' ? refusal(73) : undefined)],
    [
      'a user without rights',
      /readWrite on the database/,
      (name) => (name === 'listIndexes' ? refusal(13, 'not authorized') : undefined),
    ],
    [
      'an old server',
      /MongoDB 4\.4\.29; use 5\.0/,
      (name) => (name === 'buildInfo' ? { ok: 1, version: '4.4.29' } : undefined),
    ],
    [
      'a server too old to talk to',
      /too old/,
      (name) => (/^(hello|ismaster)$/i.test(name) ? { ok: 1, ismaster: true, maxWireVersion: 6 } : undefined),
    ],
    [
      'a server that calculates sums incorrectly',
      /FerretDB 1 calculates sums incorrectly/,
      (name) => (name === 'buildInfo' ? { ok: 1, version: '7.0.42', ferretdbVersion: 'unknown' } : undefined),
    ],
  ])('says that MONGODB_URL names %s', async (_, says, answer) => {
    await using server = await scriptedMongo(answer);
    // Only a client that sends credentials is asked to log in.
    const credentials = String(says).includes('password') ? `ada:${secret}@` : '';
    const error = await openingError(`${server.url.replace('//', `//${credentials}`)}/?serverSelectionTimeoutMS=300`);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(says);
    expect(error.message).toMatch(/^MONGODB_URL: [^\n]+$/);
    expect(error.message).not.toContain(secret);
  });

  it.each([
    ['does not listen', nowhere],
    ['has no address', async () => 'mongodb://mongo.invalid'],
  ])('is worth retrying if the server %s', async (_, location) => {
    const url = (await location()).replace('//', `//ada:${secret}@`);
    const error = await openingError(`${url}/?serverSelectionTimeoutMS=200`);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain(secret);
  });
});

describe('documents on a MongoDB that fails', () => {
  it.each<[string, ScriptedAnswer]>([
    ['is no longer the primary', refusal(10107, 'not primary')],
    ['steps down', refusal(189)],
    ['shuts down', refusal(91)],
    ['throttles', refusal(16500, 'Request rate is large')],
    ['has a full disk', refusal(14031)],
    ['has changed the password', refusal(18)],
    ['cannot reach a majority', { ok: 1, n: 1, writeConcernError: { code: 64, errmsg: 'waiting timed out' } }],
    ['resets connections', 'reset'],
    ['does not answer', 'hang'],
  ])('is worth retrying if the server %s', async (_, answer) => {
    await using server = await scriptedMongo((name) => (/^(insert|find)$/.test(name) ? answer : undefined));
    const store = await openMongoDocuments({ url: `${server.url}/?socketTimeoutMS=200&retryReads=false` });
    try {
      const saving = save(store, { sessions: [fresh(aSession())] });
      await expect(saving).rejects.toBeInstanceOf(StoreUnavailableError);
      if (typeof answer === 'object' && 'writeConcernError' in answer) return;
      const loading = store.load(ada, { sessions: [aSession().id] });
      await expect(loading).rejects.toBeInstanceOf(StoreUnavailableError);
    } finally {
      await store.close();
    }
  });

  it('does not wait for a save with a lost race that is not on a majority yet', async () => {
    const answer = {
      ok: 1,
      n: 1,
      writeErrors: [{ index: 0, code: 11000, errmsg: 'E11000 duplicate key error' }],
      writeConcernError: { code: 64, errmsg: 'waiting timed out' },
    };
    await using server = await scriptedMongo((name) => (name === 'insert' ? answer : undefined));
    const store = await openMongoDocuments({ url: server.url });
    const messages = ['a', 'b'].map((externalId) => fresh(aMessage({ externalId })));
    await expect(save(store, { messages })).rejects.toBeInstanceOf(StoreUnavailableError);
    await store.close();
  });

  it('is not worth retrying if the server rejects the request', async () => {
    const answer = { ok: 1, n: 0, writeErrors: [{ index: 0, code: 10334, errmsg: 'BSONObj size is invalid' }] };
    await using server = await scriptedMongo((name) => (name === 'insert' ? answer : undefined));
    const store = await openMongoDocuments({ url: server.url });
    const error: Error = await save(store, { sessions: [fresh(aSession())] }).then(
      () => new Error('it was saved'),
      (reason) => reason as Error,
    );
    expect(error).not.toBeInstanceOf(StoreUnavailableError);
    expect(error.constructor).toBe(Error);
    expect(String(error.cause)).toContain('BSONObj size');
    await store.close();
  });
});
