import { createInbox, headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { NATS_STATUS } from '../jetstream-codes.ts';
import { type LogConnection } from '../connection.ts';

/** Set on a request: the caller understands signs of life. Set on a message that answers it: not the answer yet, but a sign. */
const SIGN_HEADER = 'Osk-Sign-Of-Life';
const EVERY_MS = 2_000;
/** Several are missed before the embedder counts as dead: it may be busy, or the connection slow. */
const SILENCE_MS = 5 * EVERY_MS;

export interface WatchedRequest {
  readonly headers: MsgHdrs;
  /** Longest time to wait for the answer, whatever signs come. */
  readonly timeoutMs: number;
  /** Longest silence after the first sign, or after a connection that was lost is back, ms; default 10,000. */
  readonly silenceMs?: number;
}

/**
 * As `nc.request`, for answers that may take minutes: the replica that works on one shows it with signs, so that its death is
 * noticed within seconds and not at the end of the timeout. One that gives none is waited for all the time, unless the
 * connection breaks: the request may be lost with it, and then nobody works on it.
 * @throws Error where nobody listens, nothing comes in time, or the signs end
 */
export function watchedRequest(
  nc: LogConnection,
  subject: string,
  body: string,
  { headers: sent, timeoutMs, silenceMs = SILENCE_MS }: WatchedRequest,
): Promise<Msg> {
  const { promise, resolve, reject } = Promise.withResolvers<Msg>();
  const reply = createInbox();
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

/** Gives signs of life to the requester, if it wants them, at once and then every 2 s. Returns what ends them. */
export function giveSigns(request: Msg): () => void {
  if (!request.headers?.has(SIGN_HEADER)) return () => undefined;
  const sign = headers();
  sign.set(SIGN_HEADER, 'working');
  const give = () => request.respond(undefined, { headers: sign });
  give();
  const timer = setInterval(give, EVERY_MS);
  return () => clearInterval(timer);
}
