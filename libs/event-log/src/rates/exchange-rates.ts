import { nuid } from '@nats-io/transport-node';
import { RATES_SUBJECT } from '@opensync/contracts';
import type { Disposal } from '@opensync/platform/service';
import { z } from 'zod';
import type { LogConnection } from '../connection.ts';

/** How soon other processes know of a request. */
const EVERY_MS = 500;
/** Of one message: some 60 KB. */
const KEYS_AT_ONCE = 1000;
const saidSchema = z.object({
  process: z.string().max(64),
  window: z.int(),
  counts: z.record(z.string().max(200), z.int().nonnegative()),
});

/** What is counted of requests, as `RequestRates` and `DailyUse` have it. */
export interface SharedCounts {
  changes(most: number): readonly { readonly window: number; readonly counts: Readonly<Record<string, number>> }[];
  heard(process: string, said: { readonly window: number; readonly counts: Readonly<Record<string, number>> }): void;
}

/**
 * Tells other gateways what this one counts, and counts what they tell, until the disposal ends it. Nothing is stored. While the
 * log is away, each process counts for itself.
 * @returns the name of this process among those that count
 */
export function exchangeRates(nc: LogConnection, counts: SharedCounts, disposal: Disposal): string {
  const own = nuid.next();
  const subscription = nc.subscribe(RATES_SUBJECT, {
    callback: (error, message) => {
      if (error) return;
      const said = readable(message.string());
      if (said && said.process !== own) counts.heard(said.process, said);
    },
  });
  const timer = setInterval(() => {
    if (!nc.link.up) return;
    for (const said of counts.changes(KEYS_AT_ONCE))
      nc.publish(RATES_SUBJECT, JSON.stringify({ process: own, ...said }));
  }, EVERY_MS).unref();
  disposal.defer('exchange of rates', () => {
    clearInterval(timer);
    if (!nc.isClosed()) subscription.unsubscribe();
  });
  return own;
}

function readable(text: string): z.infer<typeof saidSchema> | undefined {
  try {
    return saidSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
