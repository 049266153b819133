import type { LogConnection } from '../connection.ts';
import { replay, type StoredDelivery } from '../read/replay.ts';
import { ORIGIN_HEADER, originOf, TransferError, type EventLine } from './lines.ts';

/** What an earlier import has stored of a file, to be compared with it in the same order. */
export class StoredHistory {
  readonly #source: string;
  readonly #events: AsyncIterator<StoredDelivery>;

  constructor(nc: LogConnection, source: string) {
    this.#source = source;
    this.#events = each(replay(nc, { from: 1, to: Infinity }));
  }

  /** @throws TransferError if the next stored event is another one, or says something else */
  async compare(line: EventLine): Promise<void> {
    const next = await this.#events.next();
    const origin = originOf(this.#source, line.sequence);
    const expected = line.body === undefined ? Buffer.from(line.base64 ?? '', 'base64') : Buffer.from(line.body);
    const isSame =
      !next.done &&
      next.value.header(ORIGIN_HEADER) === origin &&
      next.value.subject === line.subject &&
      expected.equals(next.value.data);
    if (!isSame) throw new TransferError(`event ${line.sequence} differs between the target and the file`);
  }

  /** Ends the read; the consumer that it has on the server would stay for a minute. */
  async close(): Promise<void> {
    await this.#events.return?.();
  }
}

async function* each(batches: AsyncIterable<readonly StoredDelivery[]>): AsyncGenerator<StoredDelivery> {
  for await (const batch of batches) yield* batch;
}
