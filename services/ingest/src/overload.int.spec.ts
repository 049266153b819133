import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { messageIdOf, sessionIdOf, type Owner } from '@opensync/contracts';
import { connectLog, reconcileTopology } from '@opensync/event-log';
import {
  anOwner,
  memoryLimit,
  startTestNats,
  temporaryFolder,
  waitFor,
  type MemoryLimit,
  type TemporaryFolder,
  type TestNats,
} from '@opensync/testkit';
import { idsInLog } from './testing/log-ids.ts';

const PROGRAM = fileURLToPath(new URL('testing/limited-gateway.ts', import.meta.url));
const ADA = anOwner('ada@example.com');
const BOB = anOwner('bob@example.com');
const ADAS_KEY = 'osk_adas_key_123456';
const BOBS_KEY = 'osk_bobs_key_123456';
const PRINCIPALS = {
  [ADAS_KEY]: { ...ADA, role: 'member', keyId: 'ada', scopes: ['ingest'] },
  [BOBS_KEY]: { ...BOB, role: 'member', keyId: 'bob', scopes: ['ingest'] },
};
const MEBIBYTE = 1024 * 1024;
const AT_ONCE = 25;
/** Events of 128 KiB: larger ones would be stored elsewhere. */
const MESSAGES = 64;
const TEXT = 'Words, "quoted" and\nin lines. '.repeat(4_200);
/** What a first use of code and buffers keeps. */
const KEPT_BYTES = 24 * MEBIBYTE;

let nats: TestNats;
let limit: MemoryLimit;
let folder: TemporaryFolder;
let child: ChildProcess;
let url: string;
beforeAll(async () => {
  nats = await startTestNats();
  folder = await temporaryFolder();
  const nc = await connectLog({ servers: nats.url, name: 'overload' });
  await reconcileTopology(nc, { replicas: 1 });
  await nc.close();
  limit = await memoryLimit(512 * MEBIBYTE);
  const { command, args } = limit.spawn(process.execPath, ['--expose-gc', PROGRAM]);
  child = spawn(command, args, {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      ...limit.env,
      NATS_URL: nats.url,
      FOLDER: folder.path,
      PRINCIPALS: JSON.stringify(PRINCIPALS),
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  [{ url }] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [{ url: string }];
});
afterAll(async () => {
  const ended = once(child, 'exit');
  if (child.kill('SIGKILL')) await ended;
  await limit[Symbol.asyncDispose]();
  await nats.stop();
  await folder.remove();
});

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: { readonly ok?: boolean; readonly error?: { readonly code: string; readonly message: string } };
}

async function post(path: string, key: string, body: string | Buffer, encoding = 'identity'): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-encoding': encoding };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body });
  const { status } = answer;
  return { status, retryAfter: answer.headers.get('retry-after'), body: (await answer.json()) as Answer['body'] };
}

const aMessage = (session: string, externalId: string, textContent: string) => ({
  ...{ sessionExternalId: session, externalId, role: 'user', textContent },
});

/** A batch of 8 MB, and the ids of its messages. */
function aBatch(session: string) {
  const names = Array.from({ length: MESSAGES }, (_, at) => `m${at}`);
  return {
    body: JSON.stringify({ messages: names.map((name) => aMessage(session, name, TEXT)) }),
    ids: names.map((name) => idOf(ADA, session, name)),
  };
}

const idOf = (owner: Owner, session: string, name: string) => messageIdOf(sessionIdOf(owner, session), name);

async function heldBytes(): Promise<number> {
  child.send('memory');
  const [{ heldBytes: bytes }] = (await once(child, 'message')) as [{ heldBytes: number }];
  return bytes;
}

/** Small writes, one after the other, for as long as something lasts. */
async function writeBeside(other: Promise<unknown>, session: string) {
  let isOver = false;
  void other.finally(() => (isOver = true)).catch(() => undefined);
  const statuses: number[] = [];
  const ids: string[] = [];
  while (!isOver) {
    const name = `m${ids.length}`;
    statuses.push((await post('/sync/message', BOBS_KEY, JSON.stringify(aMessage(session, name, 'Hello')))).status);
    ids.push(idOf(BOB, session, name));
  }
  return { statuses, ids };
}

const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const bomb = (opening: string) => Buffer.concat([Buffer.from(opening), Buffer.alloc(200 * MEBIBYTE, 0x20)]);
type Sent = readonly [body: string | Buffer, encoding?: string];
const ATTACKS: readonly (readonly [string, (session: string) => { sent: Sent; ids?: readonly string[] }])[] = [
  ['plain batches', (session) => ({ sent: [aBatch(session).body], ids: aBatch(session).ids })],
  [
    'compressed batches',
    (session) => {
      const { body, ids } = aBatch(session);
      return { sent: [zstdCompressSync(body), 'zstd'], ids };
    },
  ],
];
const BOMBS: readonly (readonly [string, Sent])[] = [
  ['blanks as zstd', [zstdCompressSync(bomb('[')), 'zstd']],
  ['blanks as gzip', [gzipSync(bomb('{"messages":[')), 'gzip']],
  ['blanks as br', [brotliCompressSync(bomb('{"messages":['), fast), 'br']],
];

describe('a gateway with 512 MB', () => {
  it.each(ATTACKS)('stores what others write while one key sends 25 × 8 MB: %s', async (name, make) => {
    // Once before: what the first one leaves is not a leak.
    await post('/sync/batch', ADAS_KEY, ...make(`${name} before`).sent);
    const before = await heldBytes();
    const requests = Array.from({ length: AT_ONCE }, (_, at) => make(`${name} ${at}`));
    const attack = Promise.all(requests.map(({ sent }) => post('/sync/batch', ADAS_KEY, ...sent)));
    const others = await writeBeside(attack, `beside ${name}`);
    const answers = await attack;
    expect(child.exitCode).toBeNull();
    for (const { status, retryAfter, body } of answers) {
      if (status === 200) continue;
      expect({ status, code: body.error?.code, retryAfter }).toEqual({
        ...{ status: 503, code: 'UNAVAILABLE', retryAfter: expect.any(String) },
      });
      expect(body.error?.message).toMatch(/^Too many large requests/);
    }
    expect(answers.map(({ status }) => status)).toContain(200);
    expect(others.statuses.length).toBeGreaterThan(3);
    expect(new Set(others.statuses)).toEqual(new Set([200]));

    const stored = await idsInLog(nats.url);
    const acknowledged = requests.flatMap(({ ids = [] }, at) => (answers[at]!.status === 200 ? ids : []));
    expect([...acknowledged, ...others.ids].filter((id) => !stored.has(id))).toEqual([]);

    // What the attack has held is free again, at once and as a whole.
    expect((await post('/sync/batch', ADAS_KEY, ...make(`${name} after`).sent)).status).toBe(200);
    await waitFor(async () => (await heldBytes()) < before + KEPT_BYTES, { what: 'the memory of before' });
  });

  it.each(BOMBS)('refuses 25 bodies of one key that unfold to 200 MB: %s', async (name, [body, encoding]) => {
    const before = await heldBytes();
    const attack = Promise.all(Array.from({ length: AT_ONCE }, () => post('/sync/batch', ADAS_KEY, body, encoding)));
    const others = await writeBeside(attack, `beside ${name}`);
    for (const answer of await attack) {
      expect([413, 503]).toContain(answer.status);
      expect(answer.body.error?.message).toMatch(/decompressed body has more than|Too many large requests/);
    }
    expect((await attack).map(({ status }) => status)).toContain(413);
    expect(new Set(others.statuses)).toEqual(new Set([200]));
    expect(child.exitCode).toBeNull();
    const stored = await idsInLog(nats.url);
    expect(others.ids.filter((id) => !stored.has(id))).toEqual([]);
    await waitFor(async () => (await heldBytes()) < before + KEPT_BYTES, { what: 'the memory of before' });
  });
});
