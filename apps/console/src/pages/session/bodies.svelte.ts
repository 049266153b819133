import { SvelteMap } from 'svelte/reactivity';
import { get, type Query } from '../../api/client.ts';
import type { Message } from '../../api/types.ts';
import { AT_ONCE, PREVIEW } from './first-reads.ts';
import type { Row } from './transcript.ts';

/** Messages that are kept; those that were read first are dropped. */
const KEPT = 600;

/** Reads the messages that are shown, and drops those that were read first. */
export class Bodies {
  readonly #sessionId: string;
  readonly #messages = new SvelteMap<string, Message>();
  readonly #wanted = new Map<string, Row>();
  readonly #pending = new Set<string>();
  readonly #aborter = new AbortController();
  #isPlanned = false;
  /** All rows in the order of the session, to read neighbours together. */
  rows: readonly Row[] = [];
  /** Requests, for tests. */
  requests = 0;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  /** A message, if it is here; `want` brings it. */
  get(id: string): Message | undefined {
    return this.#messages.get(id);
  }

  want(row: Row): void {
    if (this.#pending.has(row.id) || this.#messages.has(row.id)) return;
    this.#wanted.set(row.id, row);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    // All rows that appear in the same moment are asked for together.
    queueMicrotask(() => {
      this.#isPlanned = false;
      void this.#read();
    });
  }

  /** One message by its id, such as the result of a tool. */
  async read(id: string): Promise<Message | undefined> {
    const known = this.#messages.get(id);
    if (known) return known;
    await this.#request({ around: id, messageLimit: 1 });
    return this.#messages.get(id);
  }

  /** Messages that were read otherwise. */
  keep(messages: readonly Message[]): void {
    for (const message of messages) this.#messages.set(message.id, message);
    for (const id of this.#messages.keys()) {
      if (this.#messages.size <= KEPT) break;
      this.#messages.delete(id);
    }
  }

  /** It has changed on the server. */
  forget(id: string): void {
    this.#messages.delete(id);
  }

  /** What of them has changed is not known. */
  forgetAll(): void {
    this.#messages.clear();
  }

  close(): void {
    this.#aborter.abort();
  }

  async #read(): Promise<void> {
    const index = new Map(this.rows.map(({ id }, at) => [id, at]));
    const places = [...this.#wanted.keys()].map((id) => index.get(id) ?? -1).filter((at) => at >= 0);
    this.#wanted.clear();
    places.sort((a, b) => a - b);
    while (places.length > 0) {
      const from = Math.max(0, places[0]! - 4);
      const rows = this.rows.slice(from, from + AT_ONCE);
      while (places.length > 0 && places[0]! < from + AT_ONCE) places.shift();
      for (const { id } of rows) this.#pending.add(id);
      const before = this.rows[from - 1];
      const query = before ? { after: before.position, messageLimit: AT_ONCE } : { messageLimit: AT_ONCE };
      // Messages without their bodies are requested again as soon as they are shown again.
      await this.#request(query).catch(() => undefined);
      for (const { id } of rows) this.#pending.delete(id);
    }
  }

  async #request(query: Query): Promise<void> {
    this.requests++;
    const page = await get('/api/sessions/{id}', {
      at: { id: this.#sessionId },
      query: { preview: PREVIEW, ...query },
      signal: this.#aborter.signal,
    });
    this.keep(page.messages);
  }
}
