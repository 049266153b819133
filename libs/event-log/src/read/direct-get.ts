import { type Msg } from '@nats-io/transport-node';
import { NATS_STATUS } from '../jetstream-codes.ts';
import { type LogConnection } from '../connection.ts';

/** Messages of one subject, which may have wildcards, from a sequence or an ISO 8601 time on. */
export type DirectQuery = ({ readonly seq: number } | { readonly start_time: string }) & {
  readonly next_by_subj: string;
  /** Most messages of the answer. */
  readonly batch: number;
  /** Bytes of the answer; at least one message comes. Default: what the server allows one client. */
  readonly max_bytes?: number;
};

export interface StoredMessage {
  readonly sequence: number;
  readonly data: Uint8Array;
  /** Messages of the subject behind this one. */
  readonly pending: number;
  header(name: string): string | undefined;
}

const TIMEOUT_MS = 5_000;

/**
 * Stored messages, without a consumer: nothing of this read stays on the server (ADR-31 of NATS). Any replica answers,
 * including one that does not have everything that was acknowledged: the caller checks for that.
 * @throws Error if the stream does not answer
 */
export function directGet(nc: LogConnection, stream: string, query: DirectQuery): Promise<readonly StoredMessage[]> {
  return ask(nc, stream, `$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query));
}

/** The last message of a subject, or undefined, under the same conditions. */
export async function directGetLast(
  nc: LogConnection,
  stream: string,
  subject: string,
): Promise<StoredMessage | undefined> {
  return (await ask(nc, stream, `$JS.API.DIRECT.GET.${stream}.${subject}`))[0];
}

/** @param query absent: the answer is one message */
function ask(nc: LogConnection, stream: string, subject: string, query?: string): Promise<readonly StoredMessage[]> {
  return new Promise((resolve, reject) => {
    const messages: StoredMessage[] = [];
    const inbox = nc.inbox();
    const finish = (error?: Error) => {
      clearTimeout(timer);
      unlink();
      subscription.unsubscribe();
      if (error) reject(error);
      else resolve(messages);
    };
    let timer = setTimeout(() => finish(new Error('no answer in time')), TIMEOUT_MS);
    const unlink = nc.link.onChange(() => finish(new Error('the connection was lost')));
    const subscription = nc.subscribe(inbox, {
      callback: (error, message) => {
        if (error) return finish(error);
        const code = message.headers?.code ?? 0;
        if (code === NATS_STATUS.endOfBatch || code === NATS_STATUS.notFound) return finish();
        if (code !== 0) {
          const reason =
            code === NATS_STATUS.noResponders ? 'nothing answers direct reads' : message.headers?.description;
          return finish(new Error(`${stream}: ${reason}`));
        }
        messages.push(storedMessage(message));
        if (query === undefined) return finish();
        timer = timer.refresh();
      },
    });
    try {
      nc.publish(subject, query, { reply: inbox });
    } catch (error) {
      finish(error as Error);
    }
  });
}

function storedMessage(message: Msg): StoredMessage {
  const header = (name: string) => message.headers?.get(name) || undefined;
  return {
    sequence: Number(header('Nats-Sequence')),
    pending: Number(header('Nats-Num-Pending') ?? 0),
    // A copy: the client's buffer may be twice as long, and would be kept in memory with this piece.
    data: message.data.slice(),
    header,
  };
}
