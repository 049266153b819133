import { errors, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { LogConnection } from './connection.ts';
import { NATS_STATUS } from './jetstream-codes.ts';

/** More processes than an installation has. */
const MOST_ANSWERS = 1000;

/**
 * Asks one process of this installation. The answer goes to a subject that only those who answer this request may publish
 * to; `nc.request` would have it go where JetStream answers as well.
 * @throws Error if nobody listens, or no answer arrives in time
 */
export function ask(nc: LogConnection, subject: string, body: string, timeoutMs: number): Promise<Msg> {
  return nc.request(subject, body, { timeout: timeoutMs, noMux: true, reply: nc.inbox(subject) });
}

/**
 * Asks every process that listens, and returns what arrives in time.
 * @throws NoRespondersError if nobody listens
 */
export async function askAll(nc: LogConnection, subject: string, waitMs: number): Promise<Msg[]> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const reply = nc.inbox(subject);
  const answers: Msg[] = [];
  const subscription = nc.subscribe(reply, {
    callback: (error, message) => {
      if (error) return reject(error);
      if (message.headers?.code === NATS_STATUS.noResponders) return reject(new errors.NoRespondersError(subject));
      if (answers.push(message) >= MOST_ANSWERS) resolve();
    },
  });
  const wait = setTimeout(resolve, waitMs);
  try {
    nc.publish(subject, '', { reply });
    await promise;
    return answers;
  } finally {
    clearTimeout(wait);
    if (!nc.isClosed()) subscription.unsubscribe();
  }
}

/**
 * Answers a request of another process. Who asks names the subject of the answer, so it may be one that the asker may not
 * publish to and this process may, like an entry of a bucket: nothing is sent to subjects that a stream or JetStream has.
 */
export function answerTo(request: Msg, body: string | undefined, headers?: MsgHdrs): void {
  if (!request.reply || /^(osk\.|\$)/.test(request.reply)) return;
  request.respond(body, headers && { headers });
}
