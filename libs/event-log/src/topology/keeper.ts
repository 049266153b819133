import { setTimeout as delay } from 'node:timers/promises';
import { RAISE_SUBJECT } from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import { ConfigError, reasonOf } from '@opensync/platform';
import { z } from 'zod';
import { answerTo, ask } from '../asking.ts';
import type { LogConnection } from '../connection.ts';
import { raiseEvents } from './raise-events.ts';
import { CONSUMER_SPECIFICATIONS, STREAMS } from './specifications.ts';

/** The streams are created in order, consumers last: the last consumer completes them. */
const LAST = CONSUMER_SPECIFICATIONS.at(-1)!.ref;
const POLL_MS = 250;
const API_TIMEOUT_MS = 5000;
const ANSWER_MS = 30_000;
const raisedSchema = z.object({ raised: z.boolean() });

/**
 * Resolves when another process has created all streams, buckets and consumers.
 * @throws ConfigError naming OPENSYNC_LOG_KEEPER if none does so in time
 */
export async function untilKept(nc: LogConnection, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const problem = await missingNow(nc).catch(reasonOf);
    if (problem === undefined) return;
    if (performance.now() > deadline) {
      throw new ConfigError(
        `OPENSYNC_LOG_KEEPER: nobody creates the streams of the log (${problem}); start the service keeper, or set \`self\``,
      );
    }
    await delay(POLL_MS);
  }
}

async function missingNow(nc: LogConnection): Promise<string | undefined> {
  const manager = await jetstreamManager(nc, { checkAPI: false, timeout: API_TIMEOUT_MS });
  for (const name of STREAMS) await manager.streams.info(name);
  await manager.consumers.info(LAST.stream, LAST.durable);
  return undefined;
}

/** Lets other processes make an empty log continue above a sequence, as long as the connection lives. */
export function serveRaising(nc: LogConnection): void {
  nc.subscribe(RAISE_SUBJECT, {
    callback: (error, request) => {
      if (error || !request.reply) return;
      const sequence = Number(request.string());
      if (!Number.isSafeInteger(sequence) || sequence < 0) return answerTo(request, '{}');
      jetstreamManager(nc, { checkAPI: false })
        .then((manager) => raiseEvents(manager, sequence))
        .then(
          (raised) => answerTo(request, JSON.stringify({ raised })),
          () => answerTo(request, '{}'),
        );
    },
  });
}

/** As {@link raiseEvents}, by the process that keeps the topology. @throws Error if it fails or does not answer */
export async function requestRaising(nc: LogConnection, sequence: number): Promise<boolean> {
  const answer = await ask(nc, RAISE_SUBJECT, String(sequence), ANSWER_MS);
  return raisedSchema.parse(answer.json()).raised;
}
