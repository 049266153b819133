import { connectLog } from '@opensync/event-log';
import { KeyDirectory } from '@opensync/event-log/keys';
import type { Role, Scope } from '@opensync/contracts';
import { randomBytes } from 'node:crypto';
import { Api, positionOf } from '../harness/api.ts';
import type { Target } from '../harness/target.ts';
import { embedded, searchable } from '../harness/settled.ts';

/** Whose key a request carries. All are of somebody else than the watched owner. */
export const KEY_NAMES = ['full', 'ingest', 'read', 'elsewhere', 'revoked', 'wrong', 'malformed', 'none'] as const;
export type KeyName = (typeof KEY_NAMES)[number];

/** The scopes of those that give access. */
export const SCOPES_OF: Readonly<Partial<Record<KeyName, readonly Scope[]>>> = {
  full: ['admin'],
  ingest: ['ingest'],
  read: ['read'],
  elsewhere: ['admin'],
};

/** Where it is not `member`: the first member of a workspace owns it. */
export const ROLE_OF: Readonly<Partial<Record<KeyName, Role>>> = { elsewhere: 'owner' };

/** What the random requests can name: most of it belongs to the watched owner. */
export interface World {
  readonly url: string;
  /** Values of the `Authorization` header. */
  readonly keys: Readonly<Record<KeyName, string | undefined>>;
  /** Names of sessions: the watched owner's by either id, the callers' own, and none. */
  readonly sessions: readonly string[];
  /** Ids of messages: of the watched owner's sessions, of the callers' own, and none. */
  readonly messages: readonly string[];
  /** Sessions of a caller, each with a message of it. */
  readonly own: readonly (readonly [session: string, message: string])[];
  /** Values of `Osk-Sequence`: one that a caller got, again and again, then as many that the watched owner got. */
  readonly positions: readonly string[];
  readonly cursors: readonly string[];
  readonly messageCursors: readonly string[];
  readonly hashes: readonly string[];
  readonly idempotencyKeys: readonly string[];
  /** Content of the watched owner, and the ids of a session that no request names: they may be in no answer. */
  readonly markers: readonly string[];
  /** Words beside the markers, for searches. */
  readonly words: readonly string[];
  /** What no log line may contain, besides the markers. */
  readonly secrets: readonly string[];
  readonly watched: Api;
}

/** A PNG of one pixel: the watched owner's media. */
const IMAGE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const WORDS = ['quicksilver', 'heron', 'bittern'];
const OWN_SESSIONS = 8;

/** Two owners, and a third in another workspace. Their keys are made in the log, which takes less time than the command line. */
export async function createWorld(target: Target): Promise<World> {
  const { servers, token } = await target.log();
  const log = await connectLog({ servers, token, name: 'fuzz' });
  const directory = await KeyDirectory.open(log, {});
  try {
    await directory.ready();
    const create = (email: string, scopes: readonly Scope[] = ['ingest', 'read', 'admin'], workspace = 'default') =>
      directory.create({ email, scopes, workspace, name: 'fuzz' });
    const { key: watchedKey } = await create('watched@example.com');
    const full = await create('caller@example.com');
    const ingest = await create('caller@example.com', ['ingest']);
    const read = await create('caller@example.com', ['read']);
    const elsewhere = await create('elsewhere@example.com', undefined, 'elsewhere');
    const revoked = await create('caller@example.com');
    await directory.revoke(revoked.record.id);
    const keys = { full, ingest, read, elsewhere, revoked };
    const authorization = Object.fromEntries(Object.entries(keys).map(([name, { key }]) => [name, `Bearer ${key}`]));
    const watched = await writeWatched(new Api(target.url, watchedKey));
    const own = await writeOwn(new Api(target.url, full.key));
    return {
      url: target.url,
      keys: {
        ...(authorization as Record<keyof typeof keys, string>),
        wrong: `Bearer osk_${'w'.repeat(43)}`,
        malformed: 'Basic b3NrOm9zaw==',
        none: undefined,
      },
      ...watched,
      messages: [...watched.messages, ...own.places.map(([, message]) => message), 'msg_none'],
      own: own.places,
      // As often the caller's own: otherwise few receipts would be found.
      positions: [...watched.positions.map(() => own.position), ...watched.positions],
      secrets: [watchedKey, ...Object.values(keys).map(({ key }) => key), ...(token === undefined ? [] : [token])],
      words: WORDS,
    };
  } finally {
    await directory.close();
    await log.close();
  }
}

const marker = (about: string) => `${about}${randomBytes(9).toString('hex')}`;

/** A history with a marker in everything that is stored as it was sent. */
async function writeWatched(api: Api) {
  const markers = ['title', 'text', 'tool', 'model', 'project', 'name'].map(marker);
  const [title, text, tool, model, project, name] = markers;
  const externalIds = ['own-0', marker('named'), marker('unnamed')];
  const idempotencyKeys: string[] = [];
  const positions: string[] = [];
  const post = async (path: string, json: object) => {
    const idempotencyKey = marker('idempotency-');
    const { status, headers, body } = await api.request(path, { json, headers: { 'idempotency-key': idempotencyKey } });
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    idempotencyKeys.push(idempotencyKey);
    positions.push(headers.get('osk-sequence')!);
    return positionOf(headers);
  };
  let last = '';
  for (const externalId of externalIds) {
    await post('/sync/session', {
      ...{ externalId, title: `${WORDS[0]} ${title}`, projectName: project, projectPath: `/home/${project}` },
      ...{ source: 'codex', model, promptTokens: 7, cost: 1.5 },
    });
    await post('/sync/message', {
      ...{ sessionExternalId: externalId, externalId: `${externalId}-m1`, role: 'user' },
      textContent: `The ${WORDS.join(' and the ')} have ${text} in common`,
    });
    last = await post('/sync/message', {
      ...{ sessionExternalId: externalId, externalId: `${externalId}-m2`, role: 'assistant' },
      parts: [
        { type: 'tool-call', toolName: 'Bash', args: { command: `echo ${WORDS[1]} ${tool}` } },
        { type: 'image', mediaType: 'image/png', filename: `${name}.png`, data: IMAGE },
        { type: 'tool-result', result: `${tool} ${'of a large result, which is a payload. '.repeat(9_000)}` },
      ],
    });
  }
  await searchable(api, last);
  // Sessions take turns at the model: that the last write is embedded says nothing of the others.
  for (const position of positions) await embedded(api, position);
  const pages = await Promise.all(externalIds.map((id) => api.session(id)));
  const cursorOf = async (path: string, field: string) => String((await api.get<Record<string, unknown>>(path))[field]);
  const named = pages.slice(0, -1);
  const unnamed = pages.at(-1)!;
  return {
    watched: api,
    sessions: [...named.flatMap(({ id, externalId }) => [id, externalId]), ...ownSessions(), 'nobody', 'ses_0'],
    messages: named.flatMap(({ messages }) => messages.map(({ id }) => id)),
    positions,
    cursors: [
      await cursorOf('/api/sessions?limit=1', 'cursor'),
      await cursorOf('/api/sessions?limit=1&sort=updatedAt', 'cursor'),
    ],
    messageCursors: [await cursorOf(`/api/sessions/${externalIds[0]}?messageLimit=1`, 'messageCursor')],
    hashes: [...new Set(JSON.stringify(pages).match(/\b[0-9a-f]{64}\b/g)), '0'.repeat(64)],
    idempotencyKeys,
    markers: [
      ...markers,
      unnamed.externalId,
      unnamed.id,
      ...unnamed.messages.flatMap(({ id, externalId }) => [id, externalId]),
    ],
  };
}

function ownSessions(): string[] {
  return Array.from({ length: OWN_SESSIONS }, (_, n) => `own-${n}`);
}

/** The first of them is also an id of the watched owner's. */
async function writeOwn(api: Api): Promise<{ position: string; places: [session: string, message: string][] }> {
  const messages = ownSessions().map((session) => ({
    ...{ sessionExternalId: session, externalId: `${session}-m1`, role: 'user' },
    textContent: `${WORDS[0]} of the caller`,
  }));
  const position = await api.syncBatch({ messages });
  await searchable(api, position);
  const pages = await Promise.all(ownSessions().map((id) => api.session(id)));
  return {
    position,
    places: pages.flatMap((page) => page.messages.map(({ id }) => [page.id, id] as [string, string])),
  };
}
