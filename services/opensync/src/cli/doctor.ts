import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { STREAM } from '@opensync/event-log';
import type { BackupRecords } from '@opensync/event-log/backups';
import { EmbeddingClient } from '@opensync/event-log/embedding';
import { KeyDirectory } from '@opensync/event-log/keys';
import { embeddingModelOf, isRetryable, reasonOf, type Settings } from '@opensync/platform';
import { ensureNatsServer } from '@opensync/nats-server';
import { z } from 'zod';
import { dataFolderExists, freeBytes } from '../system/data-folder.ts';
import { COMMAND, startCommand } from './command-name.ts';
import { checkConsumerRoom, checkPayloads } from './content-checks.ts';
import { isTroubled } from './jobs.ts';
import { bytes, type Output } from './output.ts';
import { backupLine, deletions, jobsLine, lostEvents, readStatus, sizeOf, type StatusReport } from './status.ts';
import { withTarget, type Target } from './target.ts';

/** The result of one check. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

const LOW_DISK_BYTES = 1024 ** 3;
/** With less space a write may fail at any moment. */
const FULL_DISK_BYTES = 64 * 1024 ** 2;
const LONG_REMOVAL_MS = 4 * 60 * 60_000;
/** Share of a limit above which it will soon be reached. */
const NEAR_LIMIT = 0.8;
const KEYS_TIMEOUT_MS = 5000;
const EMBED_TIMEOUT_MS = 60_000;

/** Exit code 1 if a check failed; warnings do not count. */
export async function doctor(settings: Settings, { json, output }: { json: boolean; output: Output }): Promise<number> {
  const checks: Check[] = [];
  const add = (check: Check) => {
    checks.push(check);
    if (!json) output.print(formatCheck(check));
  };
  add(checkNode(process.versions.node));
  if (!settings.NATS_URL) {
    add(await checkProgram(settings));
    add(await checkDataFolder(settings.OPENSYNC_DATA_DIR));
  }
  if (settings.NATS_URL || dataFolderExists(settings.OPENSYNC_DATA_DIR)) {
    try {
      await withTarget(settings, { create: false, note: output.note }, (target) => checkSystem(target, settings, add));
    } catch (error) {
      add({
        name: 'event log',
        state: 'fail',
        detail: reasonOf(error),
        // For NATS_URL, the message says what to do.
        ...(!settings.NATS_URL && { fix: 'see nats-server.log in the data folder' }),
      });
    }
  }
  if (json) output.print(JSON.stringify(checks));
  return checks.some(({ state }) => state === 'fail') ? 1 : 0;
}

export function formatCheck({ name, state, detail, fix }: Check): string {
  const mark = { ok: '✓', warn: '!', fail: '✗' }[state];
  return `${mark} ${name.padEnd(15)} ${detail}${fix ? `\n  ${' '.repeat(15)} → ${fix}` : ''}`;
}

export function checkNode(version: string): Check {
  const recent = Number(version.split('.')[0]) >= 24;
  if (recent) return { name: 'node', state: 'ok', detail: version };
  return {
    name: 'node',
    state: 'fail',
    detail: `${version} is too old`,
    fix: 'run npm run setup, which installs Node 24',
  };
}

async function checkProgram(settings: Settings): Promise<Check> {
  try {
    const bin = await ensureNatsServer({ bin: settings.NATS_SERVER_BIN, sources: [] });
    return { name: 'nats-server', state: 'ok', detail: bin };
  } catch (error) {
    const [detail = '', ...fix] = (error as Error).message.split('\n');
    return { name: 'nats-server', state: 'warn', detail, ...(fix.length > 0 && { fix: fix.join('\n').trim() }) };
  }
}

/** @param free bytes left on the disk of the data folder at `path` */
export function checkDisk(path: string, free: number): Check {
  const name = 'data folder';
  const detail = `${path}, ${bytes(free)} free`;
  if (free > LOW_DISK_BYTES) return { name, state: 'ok', detail };
  const state = free > FULL_DISK_BYTES ? 'warn' : 'fail';
  return {
    name,
    state,
    detail,
    fix: 'free some space: on a full disk every write answers 503 until there is space again',
  };
}

async function checkDataFolder(path: string): Promise<Check> {
  const name = 'data folder';
  if (!dataFolderExists(path)) {
    return { name, state: 'fail', detail: `there is no OpenSync in ${path}`, fix: startCommand(path) };
  }
  return checkDisk(path, await freeBytes(path));
}

async function checkSystem(target: Target, settings: Settings, add: (check: Check) => void): Promise<void> {
  add({ name: 'event log', state: 'ok', detail: `nats-server ${target.nc.info?.version} answers` });
  // Before reads of the log and the stores: those may hang on a full disk.
  if (target.kind === 'running') add(await checkHttp(target.runtime.httpUrl));
  add(await checkStreams(target));
  add(await checkConsumerRoom(target.nc));
  add(await checkPayloads(target.nc));
  const report = await readStatus(target, settings);
  for (const check of checkReport(report)) add(check);
  add(await checkKeys(target, settings));
  if (target.kind === 'stopped') {
    add({
      name: 'process',
      state: 'warn',
      detail: 'no OpenSync is running here',
      fix: startCommand(target.folder.path),
    });
  } else {
    add(await checkEmbedder(target, settings));
  }
}

async function checkStreams({ nc }: Target): Promise<Check> {
  const manager = await jetstreamManager(nc);
  const found = new Set<string>();
  for await (const name of manager.streams.names()) found.add(name);
  const missing = Object.values(STREAM).filter((name) => !found.has(name));
  if (missing.length === 0) return { name: 'streams', state: 'ok', detail: 'all exist' };
  return {
    name: 'streams',
    state: 'fail',
    detail: `missing: ${missing.join(', ')}`,
    fix: `${COMMAND} start creates them`,
  };
}

/** The checks that follow from a status report. */
export function checkReport({ log, backups, consumers, stores, jobs = [], state }: StatusReport): Check[] {
  const behind = consumers.filter(({ pending }) => pending > 10_000);
  const troubled = consumers.filter(({ problem }) => problem !== undefined);
  const lag = consumers.map(({ name, pending }) => `${name} ${pending}`).join(', ');
  return [
    ...(log.lost === undefined ? [] : [checkLost(log.lost)]),
    checkSize(log),
    {
      name: 'consumers',
      state: troubled.length > 0 ? 'fail' : behind.length > 0 ? 'warn' : 'ok',
      detail: [`lag: ${lag}`, ...troubled.map(({ name, problem }) => `${name}: ${problem}`)].join('; '),
      ...(troubled.length > 0
        ? { fix: 'see the log of the projector; start one if none is running' }
        : behind.length > 0 && { fix: 'the lag shrinks on its own; if it keeps growing, run more projectors' }),
    },
    {
      name: 'dead letters',
      state: log.deadLetters > 0 ? 'warn' : 'ok',
      detail: String(log.deadLetters),
      ...(log.deadLetters > 0 && {
        fix: `${COMMAND} dlq list shows the reasons; after fixing them: ${COMMAND} dlq replay --all`,
      }),
    },
    ...(log.removals === undefined ? [] : [checkRemovals(log.removals)]),
    ...(jobs.length === 0 || state === 'stopped' ? [] : [checkJobs(jobs)]),
    ...(backups === undefined ? [] : [checkBackups(backups)]),
    ...stores.map((store): Check => {
      const name = `${store.kind} store`;
      if (!('problem' in store) && store.discrepancy) {
        const { condition, line, fix } = store.discrepancy;
        // A store of this log is refilled automatically.
        const isForeign = condition === 'ahead' || condition === 'foreign';
        return { name, state: isForeign ? 'fail' : 'warn', detail: line, fix };
      }
      if (!('problem' in store)) {
        const [first, ...others] = store.problems ?? [];
        if (first === undefined) return { name, state: 'ok', detail: `${store.engine}, ${store.location}` };
        const fix =
          store.kind === 'search'
            ? `${COMMAND} rebuild search`
            : 'the next start creates missing indexes; drop an index whose definition differs by hand, then restart';
        return { name, state: 'warn', detail: [first, ...others].join('; '), fix };
      }
      return {
        name,
        state: 'fail',
        detail: store.problem,
        ...(store.fix !== undefined && { fix: store.fix }),
      };
    }),
  ];
}

const OLD_BACKUP_MS = 26 * 60 * 60_000;

function checkBackups(backups: BackupRecords): Check {
  const name = 'backup';
  const detail = backupLine(backups).replace(/^! /, '');
  if (backups.rehearsal?.problem !== undefined) {
    const fix = `begin a new chain with ${COMMAND} backup --full, rehearse it, and find out what damaged this one`;
    return { name, state: 'fail', detail, fix };
  }
  const isOld = backups.backup === undefined || Date.now() - backups.backup.at > OLD_BACKUP_MS;
  if (isOld)
    return { name, state: 'warn', detail, fix: `run ${COMMAND} backup, and see why it does not run by itself` };
  if (!backups.proof) return { name, state: 'warn', detail, fix: `prove it with ${COMMAND} rehearse` };
  return { name, state: 'ok', detail };
}

/** Removing takes 15 minutes, and waits for an import. */
function checkRemovals(removals: NonNullable<StatusReport['log']['removals']>): Check {
  const name = 'deletions';
  const detail = deletions(removals);
  if ('problem' in removals) return { name, state: 'warn', detail, fix: 'see the log of nats-server' };
  if (Date.now() - removals.since < LONG_REMOVAL_MS) return { name, state: 'ok', detail };
  return { name, state: 'warn', detail, fix: 'see the log of the projector; start one if none is running' };
}

function checkJobs(jobs: NonNullable<StatusReport['jobs']>): Check {
  const detail = jobsLine(jobs);
  if (!jobs.some(isTroubled)) return { name: 'jobs', state: 'ok', detail };
  return { name: 'jobs', state: 'warn', detail, fix: `${COMMAND} jobs list shows why` };
}

function checkLost(lost: number): Check {
  const fix =
    'stop OpenSync and restore a backup of the log. Without a backup, the stores keep the data of these events until a rebuild. ' +
    'To accept the loss, export the log and import it into an empty one';
  return { name: 'lost events', state: 'fail', detail: lostEvents(lost), fix };
}

/** Whether the log accepts writes, according to its size and the writing processes. */
function checkSize(log: StatusReport['log']): Check {
  const name = 'writes';
  const { maxBytes } = log;
  const isLimited = maxBytes !== undefined && log.bytes > NEAR_LIMIT * maxBytes;
  const raise = 'raise or remove OPENSYNC_EVENTS_MAX_BYTES, and restart';
  if (log.problems.length > 0) {
    const fix = log.problems.some((problem) => problem.includes('OPENSYNC_EVENTS_MAX_BYTES'))
      ? raise
      : log.problems.some((problem) => problem.includes('disk'))
        ? 'free space on the disk of the event log; writes then resume automatically'
        : 'see the log of the processes that write, and that of nats-server';
    return { name, state: 'fail', detail: `answer 503: ${log.problems.join(' ')}`, fix };
  }
  const detail = `the event log holds ${sizeOf(log)}`;
  if (isLimited) return { name, state: 'warn', detail, fix: `${raise}: at the limit every write answers 503` };
  return { name, state: 'ok', detail };
}

async function checkKeys({ nc }: Target, settings: Settings): Promise<Check> {
  const name = 'API keys';
  let count: number | undefined;
  try {
    const keys = await KeyDirectory.open(nc, { secret: settings.OPENSYNC_KEY_SECRET });
    count = await Promise.race([keys.ready().then(() => keys.count()), delay(KEYS_TIMEOUT_MS, undefined)]);
    await keys.close();
  } catch (error) {
    // A secret that does not match the keys is a separate problem.
    if (!isRetryable(error)) throw error;
  }
  if (count === undefined) {
    const fix = 'its disk may be full; see nats-server.log in the data folder';
    return { name, state: 'fail', detail: 'the event log does not return them', fix };
  }
  if (count > 0) return { name, state: 'ok', detail: String(count) };
  return { name, state: 'warn', detail: 'none', fix: `${COMMAND} keys create --user EMAIL --name NAME` };
}

const readinessSchema = z.object({
  status: z.string(),
  parts: z.record(z.string(), z.string()),
  details: z.record(z.string(), z.string()).optional(),
});

/** The answer of `/readyz`. It is requested after the log has answered, so `down` means that the log rejects writes. */
export function checkReadiness(url: string, status: number, body: string): Check {
  const name = 'HTTP';
  const answer = readinessOf(body);
  if (!answer) {
    const fix = 'another program may use that address; restart opensync and see its log';
    return { name, state: 'fail', detail: `${url} answers ${status}, but the answer is not from OpenSync`, fix };
  }
  const { parts, details = {} } = answer;
  const troubled = Object.entries(parts).filter(([part, state]) => state !== 'up' || part in details);
  const lines = troubled.map(([part, state]) => {
    const why = details[part];
    return `${part} ${state === 'up' ? 'answers' : `is ${state}`}${why === undefined ? '' : ` (${why})`}`;
  });
  if (status === 200 && answer.status === 'ok') return { name, state: 'ok', detail: `${url} answers ${status}` };
  const detail = [`${url} is ${answer.status}`, ...lines].join('; ');
  if (status === 200) return { name, state: 'warn', detail, fix: 'it works with reduced functionality; see below' };
  // The check of writes says what to do about the log.
  const fix =
    parts.log === 'down'
      ? 'the event log rejects writes; see `writes` below'
      : 'a part of it is down; see the other checks and the log';
  return { name, state: 'fail', detail, fix };
}

function readinessOf(body: string): z.infer<typeof readinessSchema> | undefined {
  try {
    return readinessSchema.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

async function checkHttp(url: string): Promise<Check> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) });
    return checkReadiness(url, response.status, await response.text());
  } catch {
    return { name: 'HTTP', state: 'fail', detail: `${url} does not answer`, fix: 'restart opensync' };
  }
}

async function checkEmbedder(target: Target, settings: Settings): Promise<Check> {
  const { nc } = target;
  // The running process may have other settings than this shell.
  const started = target.kind === 'running' ? target.runtime.embeddingModel : undefined;
  const model = started ?? embeddingModelOf(settings);
  try {
    await new EmbeddingClient(nc, model).embed(['hello'], { role: 'query', timeoutMs: EMBED_TIMEOUT_MS });
    return { name: 'embedder', state: 'ok', detail: `${model.name}, ${model.dimensions} dimensions` };
  } catch (error) {
    return {
      name: 'embedder',
      state: 'warn',
      detail: reasonOf(error),
      fix: 'search by meaning is unavailable until it answers; if you use an embedding API, check OPENAI_API_KEY, OPENAI_BASE_URL and the model',
    };
  }
}
