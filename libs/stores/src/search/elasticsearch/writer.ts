import { scheduler, setImmediate } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type { Owner } from '@opensync/contracts';
import { indexOperation, sendUntilTaken, type Operation, type Refusal } from './bulk.ts';
import type { RefusedDocument } from '../../refusals.ts';
import { routingOf, type Spread } from './routing.ts';
import type { SearchDocument } from '../port.ts';

/** Bulk requests are as large as the server digests well, see "Tune for indexing speed" of its reference. */
const REQUEST_CHARACTERS = 4 * 1024 * 1024;
const REQUEST_OPERATIONS = 1_000;
/** Splitting long texts must not block the process for longer than this. */
const SLICE_MS = 10;

interface Call {
  readonly owner: Owner;
  readonly documents: readonly SearchDocument[];
  readonly resolve: (refused: readonly RefusedDocument[]) => void;
  readonly reject: (error: unknown) => void;
}

interface CallOperation extends Operation {
  readonly call: Call;
}

/**
 * Writes rows in groups: requests that arrive while a group is in flight are sent together in the next one. A refresh
 * costs the server as much as hundreds of rows, of any owner; waiting for a periodic one would cost its interval.
 */
export class GroupWriter {
  readonly #client: Client;
  readonly #alias: string;
  readonly #spread: Spread;
  #waiting: Call[] = [];
  #isWriting = false;

  constructor(client: Client, alias: string, spread: Spread) {
    this.#client = client;
    this.#alias = alias;
    this.#spread = spread;
  }

  /**
   * Writes rows by version: a newer stored row stays. Searchable when it resolves.
   * @returns the documents that the server will never accept; all others are written
   * @throws StoreUnavailableError if the server has no room for them
   */
  write(owner: Owner, documents: readonly SearchDocument[]): Promise<readonly RefusedDocument[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ owner, documents, resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // Calls of the same turn go together.
    await setImmediate();
    while (this.#waiting.length > 0) {
      const calls = this.#waiting;
      this.#waiting = [];
      try {
        const refused = Map.groupBy(await this.#send(calls), ({ operation }) => operation.call);
        for (const call of calls) {
          call.resolve((refused.get(call) ?? []).map(({ operation, reason }) => ({ id: operation.id, reason })));
        }
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    this.#isWriting = false;
  }

  /** The next request is prepared while the server works on the one before. */
  async #send(calls: readonly Call[]): Promise<Refusal<CallOperation>[]> {
    const refused: Refusal<CallOperation>[] = [];
    const sendRequest = async (request: readonly CallOperation[], refresh: boolean) => {
      refused.push(...(await sendUntilTaken(this.#client, this.#alias, request, { refresh })));
    };
    let sending: Promise<void> | undefined;
    for await (const { request, isLast } of requestsOf(calls, this.#spread)) {
      await sending;
      const isOnly = isLast && sending === undefined;
      sending = sendRequest(request, isOnly);
      // It is awaited below; until then its failure is not unhandled.
      sending.catch(() => undefined);
      if (isLast && !isOnly) {
        await sending;
        await this.#client.indices.refresh({ index: this.#alias });
      }
    }
    await sending;
    return refused;
  }
}

async function* requestsOf(
  calls: readonly Call[],
  spread: Spread,
): AsyncGenerator<{ readonly request: readonly CallOperation[]; readonly isLast: boolean }> {
  let request: CallOperation[] = [];
  let characters = 0;
  let sliceEnd = performance.now() + SLICE_MS;
  for (const call of calls) {
    const routing = routingOf(spread, call.owner);
    for (const document of call.documents) {
      const operation = { ...indexOperation(call.owner, document, routing), call };
      const length = operation.lines[1]!.length;
      if (request.length === REQUEST_OPERATIONS || (request.length > 0 && characters + length > REQUEST_CHARACTERS)) {
        yield { request, isLast: false };
        request = [];
        characters = 0;
      }
      request.push(operation);
      characters += length;
      if (performance.now() > sliceEnd) {
        await scheduler.yield();
        sliceEnd = performance.now() + SLICE_MS;
      }
    }
  }
  if (request.length > 0) yield { request, isLast: true };
}
