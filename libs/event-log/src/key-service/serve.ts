import { setTimeout as delay } from 'node:timers/promises';
import { KEY_SERVICE_SUBJECT, refusalOf, type Action, type Principal } from '@opensync/contracts';
import { AppError, type Logger, type Settings } from '@opensync/platform';
import { answerTo } from '../asking.ts';
import type { LogConnection } from '../connection.ts';
import { continueErasure, eraseMe, findErasures, type ErasureResources } from '../erasure/erase-person.ts';
import { isComplete } from '../erasure/records.ts';
import { connect, identify } from './identities.ts';
import { createKey, revokeKey, rotateKey } from './keys.ts';
import { changeRole, invite, join, removeMember, signUp, withdraw, type Directories } from './members.ts';
import { syncPerson } from './synchronize.ts';
import { assertPerson } from './rules.ts';
import { commandSchema, type KeyServiceCaller, type KeyServiceCommand } from './protocol.ts';

/** NATS gives each request to one of the keepers. */
const QUEUE = 'keepers';
/** A request is a few KB, that of a person with hundreds of memberships 100 KB; more would only be an attack on the memory of the keeper. */
const LONGEST_REQUEST = 256 * 1024;
/** Commands that are carried out at the same time; further ones are told to come back. */
const MOST_AT_ONCE = 64;
/** How long a key, login or membership that the gateway already knows may take to arrive here. */
const ARRIVES_WITHIN_MS = 1_000;
const POLL_MS = 20;

/** Erasures in one answer; the others follow when these are complete. */
const MOST_ERASURES = 100;

/** What the caller has to be allowed, for each command that has one. */
const ACTION_OF = {
  'create-key': ['keys'],
  'rotate-key': ['keys'],
  'revoke-key': ['keys', 'manageMembers'],
  'set-role': ['manageMembers'],
  'remove-member': ['manageMembers'],
  invite: ['manageMembers'],
  withdraw: ['manageMembers'],
  join: ['keys'],
  connect: ['keys'],
  'erase-me': ['eraseMe'],
} as const satisfies Partial<Record<KeyServiceCommand['command'], readonly Action[]>>;

/**
 * Carries out what gateways ask for, as long as the connection lives. Gateways are the processes that requests reach: they name the
 * caller, and what that caller may do is looked up here once more.
 */
export function serveKeyService(
  nc: LogConnection,
  directories: Directories,
  settings: Pick<Settings, 'OPENSYNC_LOGIN_JOIN'>,
  logger: Logger,
): void {
  let running = 0;
  nc.subscribe(KEY_SERVICE_SUBJECT, {
    queue: QUEUE,
    callback: (error, request) => {
      if (error || !request.reply) return;
      const answer = (body: object) => answerTo(request, JSON.stringify(body));
      if (running >= MOST_AT_ONCE) return answer(failure(new AppError('UNAVAILABLE', 'The keeper is busy; try again')));
      running++;
      const text = request.data.length > LONGEST_REQUEST ? '' : request.string();
      void run({ nc, ...directories }, text, settings.OPENSYNC_LOGIN_JOIN)
        .then(
          (result) => answer({ result }),
          (cause: unknown) => {
            if (!(cause instanceof AppError)) logger.error({ err: cause }, 'a command about keys or members failed');
            answer(failure(cause));
          },
        )
        .finally(() => running--);
    },
  });
}

function failure(cause: unknown): object {
  const { code, message } = cause instanceof AppError ? cause : new AppError('INTERNAL', 'The keeper failed');
  return { error: { code, message } };
}

/** @throws AppError */
async function run(resources: ErasureResources, text: string, join: Settings['OPENSYNC_LOGIN_JOIN']): Promise<object> {
  const directories: Directories = resources;
  const command = commandSchema.safeParse(parsed(text)).data;
  if (!command) throw new AppError('UNAVAILABLE', 'The keeper does not know this command; it has another version');
  if (command.command === 'sign-up') {
    return withInvitation(directories, command.token, () => signUp(directories, command));
  }
  if (command.command === 'identify') {
    const work = () => identify(directories, command, join === 'invited' ? undefined : join);
    return command.invitation === undefined ? work() : withInvitation(directories, command.invitation, work);
  }
  if (command.command === 'sync-person') return syncPerson(directories, command);
  if (command.command === 'open-erasures') return openErasures(resources);
  if (command.command === 'continue-erasure') return continueFor(resources, command);
  const caller = await principalOf(directories, command.caller, ACTION_OF[command.command]);
  if (command.command === 'erase-me') return { erasure: await eraseMe(resources, caller, command.found) };
  return runFor(directories, caller, command);
}

type ErasureCommand = 'erase-me' | 'open-erasures' | 'continue-erasure';

async function openErasures(resources: ErasureResources): Promise<object> {
  await findErasures(resources);
  const erasures = await resources.keys.erasures.list();
  return { erasures: erasures.filter((erasure) => !isComplete(erasure)).slice(0, MOST_ERASURES) };
}

/** @throws AppError NOT_FOUND */
async function continueFor(
  resources: ErasureResources,
  { erasureId, stores, payloads }: Extract<KeyServiceCommand, { command: 'continue-erasure' }>,
): Promise<object> {
  const erasure = await resources.keys.erasures.of(erasureId);
  if (!erasure) throw new AppError('NOT_FOUND', 'There is no such erasure');
  return { erasure: await continueErasure(resources, erasure, { stores, payloads }) };
}

async function runFor(
  directories: Directories,
  caller: Principal,
  command: Exclude<KeyServiceCommand, { command: 'sign-up' | 'identify' | 'sync-person' | ErasureCommand }>,
): Promise<object> {
  const { keys } = directories;
  switch (command.command) {
    case 'create-key':
      return createKey(keys, caller, command);
    case 'rotate-key':
      return rotateKey(keys, caller, command);
    case 'revoke-key':
      return revokeKey(keys, caller, command);
    case 'set-role':
      return changeRole(directories, caller, command);
    case 'remove-member':
      return removeMember(directories, caller, command);
    case 'invite':
      return invite(directories, caller, command);
    case 'withdraw':
      return withdraw(directories, caller, command);
    case 'join':
      assertPerson(caller);
      return withInvitation(directories, command.token, () => join(directories, caller, command));
    case 'connect':
      assertPerson(caller);
      return connect(directories, caller, command);
  }
}

/** What the caller may do, according to the keeper. @throws AppError UNAUTHORIZED, FORBIDDEN */
async function principalOf(
  { keys, logins }: Directories,
  { workspaceId, userId, keyId, isLogin }: KeyServiceCaller,
  actions: readonly Action[],
): Promise<Principal> {
  const found = await arrived(() => (isLogin ? logins.principalOf(keyId) : keys.principalOf(keyId)));
  if (!found || found.userId !== userId || found.workspaceId !== workspaceId) {
    throw new AppError('UNAUTHORIZED', 'This key or login has ended, or its user has left the workspace');
  }
  const refusal = refusalOf(found, actions);
  if (refusal !== undefined) throw new AppError('FORBIDDEN', refusal);
  return found;
}

/** An invitation that a keeper has made may arrive at another one a moment later. */
async function withInvitation({ logins }: Directories, token: string, work: () => Promise<object>): Promise<object> {
  await arrived(() => logins.invitations.find(token));
  return work();
}

async function arrived<T>(find: () => T | undefined): Promise<T | undefined> {
  const deadline = performance.now() + ARRIVES_WITHIN_MS;
  for (;;) {
    const found = find();
    if (found !== undefined || performance.now() > deadline) return found;
    await delay(POLL_MS);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
