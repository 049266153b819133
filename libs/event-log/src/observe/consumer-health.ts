import { CONSUMER_HEALTH_SUBJECT as SUBJECT } from '@opensync/contracts';
import { answerTo, askAll } from '../asking.ts';
import type { LogConnection } from '../connection.ts';
import type { ConsumerHealth } from '../consume/batch-consumer.ts';

/** How long to listen for answers. */
const ANSWERS_MS = 500;

/** Answers the command line as long as the connection lives: the server does not know what blocks a consumer. */
export function serveConsumerHealth(nc: LogConnection, health: () => readonly ConsumerHealth[]): void {
  nc.subscribe(SUBJECT, {
    callback: (error, request) => {
      if (!error) answerTo(request, JSON.stringify(health()));
    },
  });
}

/** The consumers of every answering process. */
export async function requestConsumerHealth(nc: LogConnection): Promise<ConsumerHealth[]> {
  const found: ConsumerHealth[] = [];
  try {
    for (const answer of await askAll(nc, SUBJECT, ANSWERS_MS)) {
      found.push(...answer.json<ConsumerHealth[]>());
    }
  } catch {
    // No process has consumers, or another version answered.
  }
  return found;
}
