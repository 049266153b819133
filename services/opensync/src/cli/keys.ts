import { KeyDirectory, reconcileTopology, topologyOf } from '@opensync/event-log';
import type { Settings } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import { moment, table, type Output } from './output.ts';
import type { CreateKeyOptions } from './program.ts';
import { withTarget, type Target } from './target.ts';

export async function createKey(
  settings: Settings,
  { user, name, workspace, scopes, expiresAt }: CreateKeyOptions,
  { json, output }: { json: boolean; output: Output },
): Promise<number> {
  return withKeys(settings, { create: true, output }, async (keys) => {
    const owners = new Set(keys.list().map(({ owner }) => owner.userId));
    const { key, record } = await keys.create({
      email: user,
      name,
      workspace,
      scopes,
      ...(expiresAt !== undefined && { expiresAt }),
    });
    if (json) {
      output.print(JSON.stringify({ key, ...record }));
    } else {
      output.print(key);
      const who = owners.has(record.owner.userId) ? user : `${user}, a new owner`;
      output.note(`Key ${record.id} for ${who} (${scopes.join(', ')}). Keep it: it is shown only this once.`);
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
      output.note(`There are no API keys; to make one: ${COMMAND} keys create --user EMAIL --name NAME`);
      return 0;
    }
    const rows = records.map((record) => [
      record.id,
      record.prefix,
      record.email,
      record.name,
      record.scopes.join(','),
      moment(record.createdAt),
      stateOf(record, now),
    ]);
    output.print(table(['ID', 'KEY', 'USER', 'NAME', 'SCOPES', 'CREATED', 'STATE'], rows));
    return 0;
  });
}

export async function revokeKey(settings: Settings, id: string, { output }: { output: Output }): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys) => {
    const revokedAt = keys.list().find((record) => record.id === id)?.revokedAt;
    if (revokedAt !== undefined) {
      output.note(`Key ${id} was revoked already, at ${moment(revokedAt)} UTC.`);
      return 0;
    }
    if (!(await keys.revoke(id))) {
      output.note(`opensync: there is no key ${id}; see: ${COMMAND} keys list`);
      return 1;
    }
    output.note(`Key ${id} is revoked.`);
    return 0;
  });
}

function stateOf(record: { revokedAt?: number | undefined; expiresAt?: number | undefined }, now: number): string {
  if (record.revokedAt !== undefined) return `revoked ${moment(record.revokedAt)}`;
  if (record.expiresAt === undefined) return 'valid';
  return record.expiresAt <= now ? `expired ${moment(record.expiresAt)}` : `valid until ${moment(record.expiresAt)}`;
}

/** A key can be made before the first start: the streams and buckets are set up where they are missing. */
async function withKeys(
  settings: Settings,
  { create, output }: { create: boolean; output: Output },
  work: (keys: KeyDirectory, target: Target) => Promise<number>,
): Promise<number> {
  return withTarget(settings, { create, note: output.note }, async (target) => {
    if (target.kind !== 'running') await reconcileTopology(target.nc, topologyOf(settings));
    const keys = await KeyDirectory.open(target.nc, { secret: settings.OPENSYNC_KEY_SECRET });
    try {
      await keys.ready();
      return await work(keys, target);
    } finally {
      await keys.close();
    }
  });
}
