import { randomBytes } from 'node:crypto';
import type { Owner, Role, Scope } from '@opensync/contracts';
import { KEYED_ROUTES, type KeyedRoute } from '../routes.ts';
import { waitFor } from '../wait-for.ts';
import { send, type Answer } from './send.ts';
import type { AccessRow, Named, Target } from './rows.ts';

/** A member of a workspace, with a key for each scope. */
export interface Member {
  readonly owner: Owner;
  readonly keys: Readonly<Record<Scope, string>>;
}

/** How members and their keys are made. */
export interface People {
  /** A member with the role `member`, or the first one as `owner`. */
  member(email: string, workspace: string): Promise<Member>;
  /** Gives a member of the workspace `default` another role; gateways may know it a moment later. */
  setRole(email: string, role: Role): Promise<void>;
}

/** A session that a call may name. */
export interface Aim extends Named {
  readonly externalId: string;
  readonly model: string;
  readonly owner: Owner;
  /** Texts that only answers about this session have. */
  readonly marks: readonly string[];
}

/** A row of the matrix with its route, and with what is said of it in the names of tests. */
export interface Rule {
  readonly route: KeyedRoute;
  readonly row: AccessRow;
  readonly name: string;
}

/** Those that change nothing come first: the others write sessions under the ids that these look for. */
export const RULES: readonly Rule[] = KEYED_ROUTES.flatMap((route) =>
  route.rows.map((row) => {
    const which = row.does ?? (route.rows.length > 1 ? `with the scope ${row.scope}` : '');
    return { route, row, name: `${route.method} ${route.route}${which && ` (${which})`}` };
  }),
).toSorted((a, b) => Number(a.row.changes ?? false) - Number(b.row.changes ?? false));

export interface AccessWorld {
  readonly url: string;
  readonly members: ReadonlyMap<Role, Member>;
  /** Another member, whose sessions are shared and private, and someone of another workspace. */
  readonly others: readonly Member[];
  /** The session that a call of the rule names. */
  aim(rule: Rule, role: Role, target: Target): Aim;
  /** The link of the shared session, for anyone. */
  readonly slug: string;
  /** Of a member who has erased themselves. */
  readonly erasureId: string;
}

/** A PNG of one pixel. */
const IMAGE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const READY_MS = 120_000;
/** Sessions that are made to be changed are older, so that lists begin with the others. */
const OLDER_MS = 3_600_000;

/** Members of each role, with sessions of every kind: those that are read, and one for each call that changes something. */
export async function createAccessWorld(url: string, people: People, roles: readonly Role[]): Promise<AccessWorld> {
  // The first member of a workspace is its owner, and the last owner stays one.
  const bob = await people.member('bob@access.example.com', 'default');
  const members = new Map<Role, Member>();
  for (const role of roles) members.set(role, await people.member(`${role}@access.example.com`, 'default'));
  const cid = await people.member('cid@access.example.com', 'access-elsewhere');
  const aims = new Map<string, Aim>();
  const changing = RULES.filter(({ row }) => row.changes).map(({ name }) => name);

  for (const [role, member] of members) {
    const own = await writeSessions(
      url,
      member,
      changing.map((name) => `own ${name}`),
      'to change',
    );
    const trash = await writeSessions(
      url,
      member,
      changing.map((name) => `trash ${name}`),
      'to change',
    );
    // A write has one position: what is read is written alone.
    for (const [name, aim] of await writeSessions(url, member, ['own'])) own.set(name, aim);
    for (const [name, aim] of await writeSessions(url, member, ['trash'])) trash.set(name, aim);
    await runBulk(url, member, { command: 'delete', ids: [...trash.values()].map(({ session }) => session) });
    for (const [name, aim] of [...own, ...trash]) aims.set(`${role} ${name}`, aim);
    await toReview(url, member, [own.get('own')!]);
  }
  for (const [other, name] of [
    [bob, 'shared and changed'],
    [bob, 'shared'],
    [bob, 'private'],
    [cid, 'elsewhere'],
  ] as const) {
    aims.set(name, (await writeSessions(url, other, [name])).get(name)!);
  }
  const shared = [aims.get('shared')!, aims.get('shared and changed')!].map(({ session }) => session);
  await runBulk(url, bob, { command: 'set', ids: shared, set: { visibility: 'workspace' } });
  // All but the one that others judge wait for a verdict.
  await toReview(url, bob, [aims.get('shared')!, aims.get('private')!]);
  await toReview(url, cid, [aims.get('elsewhere')!]);
  const slug = await publish(url, bob, aims.get('shared')!);
  const erasureId = await erase(url, await people.member('gone@access.example.com', 'default'));
  for (const role of roles) await people.setRole(`${role}@access.example.com`, role);
  const world: AccessWorld = {
    ...{ url, members, others: [bob, cid], slug, erasureId },
    aim({ row, name }, role, target) {
      const isOwn = target === 'own' || target === 'trash';
      const other = row.changes && target === 'shared' ? 'shared and changed' : target;
      return aims.get(isOwn ? `${role} ${target}${row.changes ? ` ${name}` : ''}` : other)!;
    },
  };
  await settled(world, aims);
  return world;
}

/** Sessions with a prompt and an answer, by name. */
async function writeSessions(
  url: string,
  { owner, keys }: Member,
  names: readonly string[],
  purpose: 'to read' | 'to change' = 'to read',
) {
  const now = Date.now();
  const made = names.map((name, at) => {
    const [words, model, ...ids] = Array.from({ length: 4 }, () => `z${randomBytes(9).toString('hex')}`);
    const createdAt = now - (purpose === 'to read' ? 0 : OLDER_MS + at);
    return { name, words: words!, model: model!, externalId: ids[0]!, messageId: ids[1]!, createdAt };
  });
  const answer = await ok(url, keys.ingest, '/sync/batch', {
    sessions: made.map(({ externalId, words, model, createdAt }) => {
      const figures = purpose === 'to read' ? { model, promptTokens: 1 } : {};
      return { externalId, title: `Titled ${words}`, createdAt, ...figures };
    }),
    messages: made.flatMap(({ externalId: sessionExternalId, messageId, words }) => [
      {
        ...{ sessionExternalId, externalId: messageId, role: 'user', textContent: `Said ${words}` },
        parts: [
          { type: 'text', content: `Said ${words}` },
          { type: 'image', mediaType: 'image/png', data: IMAGE },
        ],
      },
      // Datasets have only prompts with an answer.
      ...(purpose === 'to read'
        ? [{ sessionExternalId, externalId: `${messageId}-answer`, role: 'assistant', textContent: 'An answer' }]
        : []),
    ]),
  });
  const sequence = answer.headers.get('osk-sequence')!;
  const { results } = answer.body as { results: { kind: string; externalId: string; id: string }[] };
  const idOf = (kind: string, externalId: string) =>
    results.find((result) => result.kind === kind && result.externalId === externalId)!.id;
  await reached(url, keys.read, sequence, 'documents');
  const page = await ok(url, keys.read, `/api/sessions/${idOf('session', made[0]!.externalId)}`);
  const sha256 = /\b[0-9a-f]{64}\b/.exec(page.text)![0];
  return new Map(
    made.map(({ name, words, model, externalId, messageId }): [string, Aim] => {
      const session = idOf('session', externalId);
      const message = idOf('message', messageId);
      const marks = [session, message, externalId, messageId, words, model];
      return [name, { ...{ session, externalId, message, sha256, sequence, words, model, owner, marks } }];
    }),
  );
}

async function reached(url: string, key: string, sequence: string, stage: string): Promise<void> {
  await waitFor(
    async () => ((await ok(url, key, `/api/receipts/${sequence}`)).body as Record<string, boolean>)[stage],
    { timeoutMs: READY_MS, what: `the sessions to be ${stage}` },
  );
}

const toReview = (url: string, member: Member, aims: readonly Aim[]) =>
  runBulk(url, member, { command: 'set', ids: aims.map(({ session }) => session), set: { evalReady: true } });

async function runBulk(url: string, { keys }: Member, command: object): Promise<void> {
  await ok(url, keys.admin, '/api/sessions/bulk', command);
}

async function publish(url: string, { keys }: Member, { session }: Aim): Promise<string> {
  const path = `/api/sessions/${session}`;
  const { body } = await ok(url, keys.admin, path, { isPublic: true }, 'PATCH');
  return (body as { publicSlug: string }).publicSlug;
}

async function erase(url: string, { owner, keys }: Member): Promise<string> {
  const call = { path: '/api/me', json: { confirm: owner.userId } };
  let answer: Answer | undefined;
  // Gateways know a new key a moment later.
  await waitFor(async () => (answer = await send({ url, key: keys.admin }, call, 'DELETE')).status !== 401, {
    ...{ timeoutMs: READY_MS, what: 'the key of a new member' },
  });
  if (answer!.status !== 202) throw new Error(`DELETE /api/me answered ${answer!.status}: ${answer!.text}`);
  return (answer!.body as { erasureId: string }).erasureId;
}

/** Waits until indexes, statistics, the access log and every gateway know all of it. */
async function settled({ url, members, others }: AccessWorld, aims: ReadonlyMap<string, Aim>): Promise<void> {
  const [bob, cid] = others as [Member, Member];
  const wait = (what: string, condition: () => Promise<boolean>) => waitFor(condition, { timeoutMs: READY_MS, what });
  const own = [...members].map(([role, { keys }]) => ({ key: keys.read, aim: aims.get(`${role} own`)!, role }));
  for (const { key, aim, role } of own.filter((one) => one.role !== 'analyst')) {
    await reached(url, key, aim.sequence, 'embedded');
    await wait(`${role} to find the shared session`, async () => {
      const found = await send({ url, key }, { path: `/api/search?q=${aims.get('shared')!.words}` });
      return found.text.includes(aims.get('shared')!.session);
    });
  }
  for (const { key, aim } of own) {
    await wait('the statistics', async () => {
      const { text } = await send({ url, key }, { path: '/api/analytics?groupBy=model' });
      return text.includes(aim.model) && text.includes(aims.get('shared')!.model);
    });
  }
  await reached(url, cid.keys.read, aims.get('elsewhere')!.sequence, 'embedded');
  for (const { keys, owner } of [...members.values(), bob, cid]) {
    await wait('the log of requests', async () => {
      return (await send({ url, key: keys.read }, { path: '/api/logs' })).text.includes(owner.userId);
    });
  }
  // Events have one order: a gateway that knows the last role knows all of them. Ingest and query may be two gateways.
  const last = [...members].at(-1);
  if (last?.[0] !== 'analyst') return;
  for (const path of ['/api/sessions', '/sync/sessions/list']) {
    await wait('the roles', async () => (await send({ url, key: last[1].keys.read }, { path })).status === 403);
  }
}

async function ok(url: string, key: string, path: string, json?: object, method?: string): Promise<Answer> {
  const answer = await send({ url, key }, { path, ...(json && { json }) }, method);
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
  return answer;
}
