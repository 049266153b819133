import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { answerTo } from '../asking.ts';
import { NATS_STATUS } from '../jetstream-codes.ts';
import { type LogConnection } from '../connection.ts';

/**
 * On a request: the caller understands signs of life. On an answering message: this is a sign of life, not the
 * answer.
 */
const SIGN_HEADER = 'Osk-Sign-Of-Life';
const EVERY_MS = 2_000;
/** Several signs may be missed before the embedder counts as dead: it may be busy, or the connection slow. */
const SILENCE_MS = 5 * EVERY_MS;

export interface WatchedRequest {
  readonly headers: MsgHdrs;
  /** Maximum time to wait for the answer, regardless of signs. */
  readonly timeoutMs: number;
  /** Maximum silence after the first sign, or after a lost connection is back, ms; default 10,000. */
  readonly silenceMs?: number;
}

/**
 * Like `nc.request`, for answers that may take minutes: the working replica sends signs of life, so that its death is
 * noticed within seconds instead of at the timeout. A replica that sends none is awaited for the full timeout, unless
 * the connection breaks: the request may be lost with it.
 * @throws Error if nobody listens, no answer arrives in time, or the signs end
 */
export function watchedRequest(
  nc: LogConnection,
  subject: string,
  body: string,
  { headers: sent, timeoutMs, silenceMs = SILENCE_MS }: WatchedRequest,
): Promise<Msg> {
  const { promise, resolve, reject } = Promise.withResolvers<Msg>();
  const reply = nc.inbox(subject);
  let silence: NodeJS.Timeout | undefined;
  const expectSign = () => {
    clearTimeout(silence);
    silence = setTimeout(() => reject(new Error('the process that worked on it is gone')), silenceMs);
  };
  const endWatch = nc.link.onChange((up) => {
    if (up) expectSign();
  });
  const subscription = nc.subscribe(reply, {
    callback: (error, message) => {
      if (error) reject(error);
      else if (message.headers?.code === NATS_STATUS.noResponders) reject(new Error(`no responders: '${subject}'`));
      else if (message.headers?.has(SIGN_HEADER)) expectSign();
      else resolve(message);
    },
  });
  const limit = setTimeout(() => reject(new Error('timeout')), timeoutMs);
  sent.set(SIGN_HEADER, 'wanted');
  try {
    nc.publish(subject, body, { reply, headers: sent });
  } catch (error) {
    reject(error as Error);
  }
  return promise.finally(() => {
    clearTimeout(limit);
    clearTimeout(silence);
    endWatch();
    subscription.unsubscribe();
  });
}

/**
 * Sends signs of life to the requester, if it wants them, at once and then every 2 s. Returns a function that ends
 * them.
 */
export function giveSigns(request: Msg): () => void {
  if (!request.headers?.has(SIGN_HEADER)) return () => undefined;
  const sign = headers();
  sign.set(SIGN_HEADER, 'working');
  const give = () => answerTo(request, undefined, sign);
  give();
  const timer = setInterval(give, EVERY_MS);
  return () => clearInterval(timer);
}
