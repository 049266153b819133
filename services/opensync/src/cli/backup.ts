import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BackupError,
  folderPlace,
  makeBackup,
  recordRehearsal,
  restoreBackup,
  verifyBackup,
  type BackupOptions,
  type VerifiedBackup,
} from '@opensync/event-log/backups';
import { TransferError } from '@opensync/event-log/transfer';
import { ConfigError, type Settings } from '@opensync/platform';
import { rehearse as compareRestored } from '@opensync/projector';
import { generationsNow, openGeneration } from '@opensync/stores';
import { dataFolderExists } from '../system/data-folder.ts';
import { startCommand } from './command-name.ts';
import { bytes, quantity, type Output } from './output.ts';
import { progressBar } from './progress.ts';
import { provideStreams, withTarget, type Target } from './target.ts';

interface Presentation {
  readonly json: boolean;
  readonly output: Output;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const FAILED = 1;
/** The keeper of a new installation starts at the same time. */
const NEW_LOG_WITHIN_MS = 60_000;
/** The backup is complete, but its log has lost data. */
const SOMETHING_LOST = 3;

/** Writes what a folder of backups does not have yet. Resolves with the exit code: 3 if payloads are lost in the log. */
export async function backup(
  settings: Settings,
  folder: string,
  options: Omit<BackupOptions, 'now' | 'onProgress'>,
  { json, output, now }: Presentation,
): Promise<number> {
  return withTarget(settings, { create: false, note: output.note }, async (target) => {
    await provideStreams(target, settings);
    const progress = progressBar('Backing up', 'events');
    try {
      const report = await makeBackup(target.nc, folderPlace(folder), {
        ...options,
        now,
        onProgress: ({ events }, total) => progress.update(events, total),
      });
      progress.stop();
      const { events, payloads, lost, apiKeys } = report.counts;
      const contents = [quantity(events, 'events'), quantity(payloads, 'payloads'), quantity(apiKeys, 'API keys')];
      if (json) output.print(JSON.stringify(report));
      else output.print(`${report.file}: ${contents.join(', ')}, ${bytes(report.bytes)}, up to sequence ${report.to}`);
      for (const chain of report.removed) output.note(`Removed: the backups of ${chain}, which are no longer kept.`);
      if (lost === 0) return 0;
      output.note(`${quantity(lost, 'payloads')} lost or damaged in the log are not in the backup.`);
      return SOMETHING_LOST;
    } catch (error) {
      return refused(error, output);
    } finally {
      progress.stop();
    }
  });
}

/** Verifies a backup whole, then imports it into an empty log; with `dryRun` only the first. */
export async function restore(
  settings: Settings,
  folder: string,
  { dryRun }: { dryRun: boolean },
  { json, output }: Presentation,
): Promise<number> {
  const place = folderPlace(folder);
  try {
    const verified = await verifiedIn(folder);
    const { counts, to } = verified;
    const done = () => {
      const contents = [quantity(counts.events, 'events'), quantity(counts.payloads, 'payloads')].join(', ');
      if (json) output.print(JSON.stringify({ place: place.label, to, ...counts, ...(dryRun && { dryRun }) }));
      else
        output.print(
          `${place.label}: ${contents}, up to sequence ${to}${dryRun ? '; nothing was written' : ', restored'}`,
        );
    };
    if (dryRun) {
      done();
      return 0;
    }
    return await withTarget(settings, { create: true, note: output.note }, async (target) => {
      await provideStreams(target, settings, NEW_LOG_WITHIN_MS);
      await restoreInto(target, place, verified);
      done();
      if (target.kind === 'stopped') {
        output.note(`To build the documents and indexes from these events: ${startCommand(target.folder.path)}`);
      }
      return 0;
    });
  } catch (error) {
    return refused(error, output);
  }
}

/**
 * Restores a backup into a scratch folder, replays it there and compares the documents with the live ones. The outcome is
 * recorded in the live log, for metrics, status and doctor. Exit code 1 if the backup proves nothing.
 * @param log a scratch NATS server to restore into instead of one that is started here
 */
export async function rehearse(
  settings: Settings,
  folder: string,
  { log, scratch }: { log: string | undefined; scratch: string | undefined },
  { json, output, now }: Presentation,
): Promise<number> {
  const place = folderPlace(folder);
  return withTarget(settings, { create: false, note: output.note }, async (live) => {
    await provideStreams(live, settings);
    const room = await mkdtemp(join(scratch ?? tmpdir(), 'opensync-rehearsal-'));
    let to = 0;
    try {
      const verified = await verifiedIn(folder);
      to = verified.to;
      const own = scratchSettings(settings, room, log);
      const report = await withTarget(own, { create: true, note: () => undefined }, async (restored) => {
        await provideStreams(restored, own);
        await restoreInto(restored, place, verified);
        return compareWithLive(settings, { own, restored, live, to });
      });
      const { sessions, different, digests, skipped } = report;
      const problem = problemOf(different.length, digests);
      await recordRehearsal(live.nc, {
        ...{ at: now, place: place.label, to, sessions, digest: digests.restored },
        ...(problem !== undefined && { problem }),
      });
      if (json) {
        output.print(
          JSON.stringify({
            place: place.label,
            to,
            sessions,
            digests,
            skipped,
            different,
            ...(problem && { problem }),
          }),
        );
      } else {
        output.print(`Restored  ${digests.restored}\nLive      ${digests.live}`);
        if (problem === undefined)
          output.print(`Proved    ${quantity(sessions, 'sessions')} are equal, up to sequence ${to}`);
      }
      if (problem === undefined) return 0;
      output.note(`opensync: ${problem}`);
      return FAILED;
    } catch (error) {
      // An unreachable server says nothing about the backup.
      if (!(error instanceof BackupError || error instanceof TransferError)) throw error;
      await recordRehearsal(live.nc, { at: now, place: place.label, to, sessions: 0, problem: error.message });
      return refused(error, output);
    } finally {
      await rm(room, { recursive: true, force: true });
    }
  });
}

function problemOf(different: number, digests: { restored: string; live: string }): string | undefined {
  if (different === 0) return undefined;
  const are = different === 1 ? '1 session differs' : `${different} sessions differ`;
  return `${are} between the restored documents and the live ones (${digests.restored.slice(0, 12)} and ${digests.live.slice(0, 12)})`;
}

/** A log and documents of their own in a folder that goes away; nobody needs them after a crash. */
function scratchSettings(settings: Settings, folder: string, log: string | undefined): Settings {
  const { NATS_TOKEN: _token, MONGODB_URL: _mongodb, ...others } = settings;
  return {
    ...others,
    NATS_URL: log,
    NATS_PORT: 0,
    OPENSYNC_DATA_DIR: join(folder, 'data'),
    OPENSYNC_SYNC: 'interval',
    OPENSYNC_REPLICAS: 1,
    OPENSYNC_LOG_KEEPER: 'self',
    OPENSYNC_EVENTS_MAX_BYTES: undefined,
  };
}

async function compareWithLive(
  settings: Settings,
  { own, restored, live, to }: { own: Settings; restored: Target; live: Target; to: number },
) {
  if (live.kind === 'remote' && settings.MONGODB_URL === undefined && !dataFolderExists(settings.OPENSYNC_DATA_DIR)) {
    throw new ConfigError(
      'MONGODB_URL: set it to the documents of the services, which the restored ones are compared with',
    );
  }
  const generations = await generationsNow(live.nc);
  const documents = await openGeneration(settings, 'documents', generations.live('documents'));
  try {
    const scratch = await openGeneration(own, 'documents', 1);
    const progress = progressBar('Replaying', 'events');
    try {
      return await compareRestored({
        restored: { nc: restored.nc, to },
        scratch,
        live: { nc: live.nc, documents },
        onProgress: progress.update,
      });
    } finally {
      progress.stop();
      await scratch.close();
    }
  } finally {
    await documents.close();
  }
}

async function verifiedIn(folder: string): Promise<VerifiedBackup> {
  const progress = progressBar('Verifying', 'events');
  try {
    return await verifyBackup(folderPlace(folder), { onProgress: progress.update });
  } finally {
    progress.stop();
  }
}

async function restoreInto(
  { nc }: Target,
  place: ReturnType<typeof folderPlace>,
  verified: VerifiedBackup,
): Promise<void> {
  const progress = progressBar('Restoring', 'events');
  try {
    await restoreBackup(nc, place, verified, { onProgress: progress.update });
  } finally {
    progress.stop();
  }
}

function refused(error: unknown, output: Output): typeof FAILED {
  if (!(error instanceof BackupError || error instanceof TransferError)) throw error;
  output.note(`opensync: ${error.message}`);
  return FAILED;
}
