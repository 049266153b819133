import { streamEnds } from '@opensync/event-log';
import { KeyDirectory } from '@opensync/event-log/keys';
import { LoginDirectory, loginLimitsOf } from '@opensync/event-log/logins';
import { ConfigError, type Settings } from '@opensync/platform';
import type { Output } from './output.ts';
import { provideStreams, withTarget, type Target } from './target.ts';

/**
 * Runs `work` with the API keys and the users of an installation. Both can be created before the first start: missing
 * streams and buckets are created.
 */
export async function withKeys(
  settings: Settings,
  { create, output }: { create: boolean; output: Output },
  work: (keys: KeyDirectory, target: Target) => Promise<number>,
): Promise<number> {
  return withTarget(settings, { create, note: output.note }, async (target) => {
    await provideStreams(target, settings);
    if (create) await assertLogNotLost(target, settings);
    const keys = await KeyDirectory.open(target.nc, { secret: settings.OPENSYNC_KEY_SECRET });
    try {
      await keys.ready();
      return await work(keys, target);
    } finally {
      await keys.close();
    }
  });
}

/** As {@link withKeys}, for commands that also end logins. */
export async function withPeople(
  settings: Settings,
  options: { create: boolean; output: Output },
  work: (keys: KeyDirectory, logins: LoginDirectory, target: Target) => Promise<number>,
): Promise<number> {
  return withKeys(settings, options, async (keys, target) => {
    const logins = await LoginDirectory.open(target.nc, keys, { limits: loginLimitsOf(settings) });
    try {
      await logins.ready();
      return await work(keys, logins, target);
    } finally {
      await logins.close();
    }
  });
}

/**
 * A command's events at the beginning of a new log would make the documents look like those of another log, and the
 * next start would replace them: a lost log must stay empty until the projector has compared it with the documents.
 * @throws ConfigError
 */
async function assertLogNotLost(target: Target, settings: Settings): Promise<void> {
  if ((await streamEnds(target.nc)).messages > 0) return;
  const { readStores } = await import('./stores.ts');
  const documents = (await readStores(target, settings)).find(({ kind }) => kind === 'documents');
  if (documents?.discrepancy?.condition !== 'ahead') return;
  throw new ConfigError(
    'the event log is empty, but the documents hold events: the log was lost or moved. Restore it, or start OpenSync ' +
      'once, which keeps the documents; then repeat this command',
  );
}
