import { DailyUse, STORED_AT_ONCE } from '@opensync/platform/http';
import type { Logger } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import { z } from 'zod';
import { openBucket } from '../bucket.ts';
import { watchBucket } from '../bucket-watch.ts';
import type { LogConnection } from '../connection.ts';
import { USE_BUCKET } from '../topology/names.ts';
import { exchangeRates } from './exchange-rates.ts';

/** What a crash may lose of the counts of a day. */
const EVERY_MS = 10_000;

const countsSchema = z.record(z.string().max(200), z.int().nonnegative());
/** `<day>.<process>.<piece>` */
const KEY = /^(\d{4}-\d\d-\d\d)\.(\w+)\.\d+$/;

/**
 * What workspaces use on each day, counted together with other gateways as `exchangeRates` does, and kept: a process that starts
 * counts on from what others and those before it have stored. No request waits for any of it.
 * @param options.everyMs for tests: how often it is stored
 */
export function openDailyUse(nc: LogConnection, { logger, disposal, now, everyMs = EVERY_MS }: KeepOptions): DailyUse {
  const use = new DailyUse(now);
  const own = exchangeRates(nc, use, disposal);
  let isRead = false;
  let isWorking = false;
  let hasFailed = false;
  const work = async () => {
    if (isWorking || !nc.link.up) return;
    isWorking = true;
    try {
      if (!isRead) await readInto(nc, use, own);
      isRead = true;
      await store(nc, use, own);
      hasFailed = false;
    } catch (err) {
      if (!hasFailed) logger.warn({ err }, 'the daily usage of workspaces cannot be read or stored; retrying');
      hasFailed = true;
    } finally {
      isWorking = false;
    }
  };
  void work();
  const timer = setInterval(() => void work(), everyMs).unref();
  disposal.defer('use of the day', async () => {
    clearInterval(timer);
    if (!nc.isClosed() && nc.link.up) await store(nc, use, own);
  });
  return use;
}

export interface KeepOptions {
  readonly logger: Logger;
  readonly disposal: Disposal;
  readonly now?: () => number;
  readonly everyMs?: number;
}

async function store(nc: LogConnection, use: DailyUse, own: string): Promise<void> {
  const days = use.take(STORED_AT_ONCE);
  if (days.length === 0) return;
  try {
    const bucket = await openBucket(nc, USE_BUCKET);
    for (const { day, pieces } of days) {
      for (const [at, counts] of pieces.entries()) await bucket.put(`${day}.${own}.${at}`, JSON.stringify(counts));
    }
  } catch (error) {
    use.untaken(days);
    throw error;
  }
}

async function readInto(nc: LogConnection, use: DailyUse, own: string): Promise<void> {
  for await (const { day, process, counts } of storedUse(nc, use.day)) {
    if (process !== own) use.heardOf(process, day, counts);
  }
}

/** What processes have stored of a day, or of all days. @throws Error if the bucket is missing or does not answer */
export async function* storedUse(
  nc: LogConnection,
  day?: string,
): AsyncGenerator<{
  readonly day: string;
  readonly process: string;
  readonly counts: Readonly<Record<string, number>>;
}> {
  const watch = await watchBucket(nc, USE_BUCKET, day === undefined ? '>' : `${day}.>`);
  if (watch.isEmpty) return watch.stop();
  try {
    for await (const entry of watch) {
      const [, of = '', process = ''] = KEY.exec(entry.key) ?? [];
      const counts = entry.operation === 'PUT' && !entry.isCopied ? countsOf(() => entry.json<unknown>()) : undefined;
      if (process !== '' && counts) yield { day: of, process, counts };
      if (entry.isUpdate) return;
    }
  } finally {
    watch.stop();
  }
  throw new Error(`the bucket ${USE_BUCKET} ended before everything was read`);
}

function countsOf(read: () => unknown): Readonly<Record<string, number>> | undefined {
  try {
    return countsSchema.safeParse(read()).data;
  } catch {
    return undefined;
  }
}
