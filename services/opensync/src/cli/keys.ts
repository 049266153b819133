import { LONGEST_OVERLAP_MS, replaceKey } from '@opensync/event-log/key-service';
import type { ApiKeyRecord, KeyDirectory } from '@opensync/event-log/keys';
import { ConfigError, type Settings } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import { moment, printable, table, type Output } from './output.ts';
import type { CreateKeyOptions } from './program.ts';
import { withKeys } from './with-keys.ts';

export async function createKey(
  settings: Settings,
  { user, name, workspace, scopes, expiresAt }: CreateKeyOptions,
  { json, output }: { json: boolean; output: Output },
): Promise<number> {
  return withKeys(settings, { create: true, output }, async (keys) => {
    const known = new Set(keys.people.people.users().map(({ userId }) => userId));
    const { key, record } = await keys.create({
      email: user,
      name,
      ...(workspace !== undefined && { workspace }),
      scopes,
      ...(expiresAt !== undefined && { expiresAt }),
    });
    if (json) {
      output.print(JSON.stringify({ key, ...record }));
    } else {
      output.print(key);
      const who = known.has(record.owner.userId) ? user : `${user}, a new user`;
      output.note(`Key ${record.id} for ${who} (${scopes.join(', ')}). Save it now: it is shown only once.`);
    }
    return 0;
  });
}

export async function listKeys(
  settings: Settings,
  { json, output, now }: { json: boolean; output: Output; now: number },
): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys) => {
    const records = keys.list();
    if (json) {
      output.print(JSON.stringify(records));
      return 0;
    }
    if (records.length === 0) {
      output.note(`There are no API keys; to create one: ${COMMAND} keys create --user EMAIL --name NAME`);
      return 0;
    }
    const { people } = keys.people;
    const rows = records.map((record) => [
      record.id,
      printable(record.prefix),
      printable(people.user(record.owner.userId)?.email ?? record.email),
      printable(record.name),
      record.scopes.join(','),
      moment(record.createdAt),
      people.roleOf(record.owner) === undefined && record.revokedAt === undefined
        ? 'no longer a member'
        : stateOf(record, now),
    ]);
    output.print(table(['ID', 'KEY', 'USER', 'NAME', 'SCOPES', 'CREATED', 'STATE'], rows));
    return 0;
  });
}

export interface RotateKeyOptions {
  readonly id: string;
  /** How long the former key stays valid, in milliseconds. */
  readonly overlapMs: number;
}

/** A new key in place of another one, as its owner gets it over HTTP, for any key. */
export async function rotateKey(
  settings: Settings,
  { id, overlapMs }: RotateKeyOptions,
  { json, output, now }: { json: boolean; output: Output; now: number },
): Promise<number> {
  if (overlapMs > LONGEST_OVERLAP_MS) throw new ConfigError('--overlap: a former key stays valid for 30 days at most');
  return withKeys(settings, { create: false, output }, async (keys) => {
    const known = keyOf(keys, id);
    const { expiresAt } = known;
    const { key, record, former } = await replaceKey(keys, known, { endsAt: now + overlapMs, expiresAt });
    if (json) {
      output.print(JSON.stringify({ key, ...record, former }));
    } else {
      output.print(key);
      const until = overlapMs === 0 ? 'is no longer valid' : `stays valid until ${moment(former.expiresAt)} UTC`;
      output.note(`Key ${record.id} replaces ${id}, which ${until}. Save it now: it is shown only once.`);
    }
    return 0;
  });
}

/** The record of a key whose owner may still have keys. @throws ConfigError */
function keyOf(keys: KeyDirectory, id: string): ApiKeyRecord {
  const known = keys.record(id);
  if (!known) throw new ConfigError(`there is no key ${id}; see: ${COMMAND} keys list`);
  if (keys.people.roleFor(known.owner) !== undefined) return known;
  const { workspaceId, userId } = known.owner;
  throw new ConfigError(
    `the user of key ${id} is no longer a member; to add this user again: ${COMMAND} workspaces add-member ${workspaceId} ${userId}`,
  );
}

export async function revokeKey(settings: Settings, id: string, { output }: { output: Output }): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys) => {
    const revokedAt = () => keys.list().find((record) => record.id === id)?.revokedAt;
    const before = revokedAt();
    try {
      if (!(await keys.revoke(id))) {
        output.note(`opensync: there is no key ${id}; see: ${COMMAND} keys list`);
        return 1;
      }
    } catch (error) {
      if (revokedAt() === undefined) throw error;
      output.note(
        `Key ${id} is revoked, but the event log has not recorded it yet; repeat the command when the log accepts events again.`,
      );
      return 1;
    }
    output.note(
      before === undefined ? `Key ${id} is revoked.` : `Key ${id} was already revoked at ${moment(before)} UTC.`,
    );
    return 0;
  });
}

function stateOf(record: { revokedAt?: number | undefined; expiresAt?: number | undefined }, now: number): string {
  if (record.revokedAt !== undefined) return `revoked ${moment(record.revokedAt)}`;
  if (record.expiresAt === undefined) return 'valid';
  return record.expiresAt <= now ? `expired ${moment(record.expiresAt)}` : `valid until ${moment(record.expiresAt)}`;
}
