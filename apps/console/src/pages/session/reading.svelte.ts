import { get } from '../../api/client.ts';
import { isAbort, type ApiError } from '../../api/errors.ts';
import type { Outline, SessionPage } from '../../api/types.ts';
import { Bodies } from './bodies.svelte.ts';
import { openingQuery, outlineQuery } from './first-reads.ts';
import { rowsOf, type Row } from './transcript.ts';

/** Messages that arrive together are read together. */
const TOGETHER_MS = 200;
const SOONEST_RETRY_MS = 1_000;

/**
 * The messages of one session while somebody looks at it: the beginning of its outline, the rest, then what arrives. What is
 * here stays when the session gets another title or another message.
 */
export class Reading {
  readonly #sessionId: string;
  readonly #aborter = new AbortController();
  readonly bodies: Bodies;
  rows = $state.raw<readonly Row[]>([]);
  /** Whether the rows are those of the whole session. */
  isWhole = $state(false);
  /** Why the rest of the rows cannot be read. */
  failure = $state.raw<ApiError | undefined>();
  /** Called just before messages are added at the end. */
  onadd: (() => void) | undefined;
  /** Until the first messages are here, the server has nothing else to do for this page. */
  #opened: Promise<unknown> = Promise.resolve();
  /** Where the reader wants to be as soon as every row is here. */
  #wish: (() => void) | undefined;
  #turn = 0;
  /** Whether a message was written while the rest was read. */
  #hasMissed = false;
  /** What arrived since the outline was last read. */
  #arrived: readonly Row[] = [];
  #tail: ReturnType<typeof setTimeout> | undefined;
  #placed: string | undefined;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
    this.bodies = new Bodies(sessionId);
  }

  /**
   * The session, with the messages that are seen first: from the beginning, or around the one that a link leads to. So
   * they are here when the outline is, and nothing that is shown moves.
   */
  open(target: string | undefined, signal: AbortSignal): Promise<SessionPage> {
    const opening = this.#open(target, signal);
    this.#opened = opening.catch(() => undefined);
    return opening;
  }

  async #open(target: string | undefined, signal: AbortSignal): Promise<SessionPage> {
    const page = (around: string | undefined) =>
      get('/api/sessions/{id}', { at: { id: this.#sessionId }, query: openingQuery(around), signal });
    // A link may lead to a message that is gone.
    const opened = await (target === undefined ? page(target) : page(target).catch(() => page(undefined)));
    this.bodies.keep(opened.messages);
    return opened;
  }

  /** The outline, as far as it is read at first; all of it if there are rows already. */
  outline(target: string | undefined, signal: AbortSignal): Promise<Outline> {
    const query = this.rows.length === 0 ? outlineQuery(target) : {};
    return get('/api/sessions/{id}/outline', { at: { id: this.#sessionId }, query, signal });
  }

  /** Shows an outline and the pages after it. Read again, it replaces what is here as a whole, so that no place is lost. */
  async show(outline: Outline): Promise<void> {
    const turn = ++this.#turn;
    const isAgain = this.rows.length > 0;
    this.#arrived = [];
    this.failure = undefined;
    let rows = rowsOf(outline);
    if (!isAgain) this.#use(rows);
    if (outline.cursor !== null) await this.#opened;
    for (let { cursor } = outline; cursor !== null;) {
      const more = await this.#rest(cursor, turn);
      if (!more || turn !== this.#turn) return;
      rows = [...rows, ...newIn(rows, rowsOf(more))];
      if (!isAgain) this.#use(rows);
      ({ cursor } = more);
    }
    if (isAgain) {
      this.bodies.forgetAll();
      this.#use([...rows, ...newIn(rows, this.#arrived)]);
    }
    this.#becomeWhole();
  }

  /** Goes somewhere that needs every row, as soon as they are here. `stay` takes it back. */
  whenWhole(go: () => void): void {
    if (this.isWhole) go();
    else this.#wish = go;
  }

  /** The reader went elsewhere meanwhile. */
  stay(): void {
    this.#wish = undefined;
  }

  /** A message was written. */
  heard(messageId: string): void {
    this.bodies.forget(messageId);
    this.#readTailSoon();
  }

  #readTailSoon(): void {
    this.#tail ??= setTimeout(() => {
      this.#tail = undefined;
      void this.#readTail();
    }, TOGETHER_MS);
  }

  /** The row that a link leads to, once it is loaded, and only once: the reader may scroll on from there. */
  place(target: string | undefined): Row | undefined {
    if (target === this.#placed) return undefined;
    const row = this.find(target);
    if (row || target === undefined) this.#placed = target;
    return row;
  }

  find(target: string | undefined): Row | undefined {
    return this.rows.find(({ id, position }) => id === target || position === target);
  }

  close(): void {
    this.#turn++;
    clearTimeout(this.#tail);
    this.#aborter.abort();
    this.bodies.close();
  }

  #becomeWhole(): void {
    if (this.isWhole) return;
    this.isWhole = true;
    // After the list has its rows.
    const wish = this.#wish;
    this.#wish = undefined;
    if (wish) queueMicrotask(wish);
    if (this.#hasMissed) this.#readTailSoon();
  }

  async #readTail(): Promise<void> {
    // Behind the last row is the rest that is being read; it may have been read before this message was there.
    this.#hasMissed = !this.isWhole;
    if (this.#hasMissed) return;
    const more = await this.#outline(this.rows.at(-1)?.position).catch(() => undefined);
    const added = more ? newIn(this.rows, rowsOf(more)) : [];
    if (added.length === 0) return;
    this.onadd?.();
    this.#arrived = [...this.#arrived, ...added];
    this.#use([...this.rows, ...added]);
  }

  /** A busy server is asked again when it wants to be. Undefined: it cannot be read, and `failure` says why. */
  async #rest(cursor: string, turn: number): Promise<Outline | undefined> {
    while (turn === this.#turn) {
      try {
        return await this.#outline(cursor);
      } catch (error) {
        if (isAbort(error) || turn !== this.#turn) return undefined;
        const { trouble, retryAfter = 0 } = error as ApiError;
        if (trouble !== 'busy') {
          this.failure = error as ApiError;
          return undefined;
        }
        await new Promise((resolve) => setTimeout(resolve, Math.max(SOONEST_RETRY_MS, retryAfter * 1_000)));
      }
    }
    return undefined;
  }

  #outline(cursor: string | undefined): Promise<Outline> {
    const { signal } = this.#aborter;
    return get('/api/sessions/{id}/outline', { at: { id: this.#sessionId }, query: { cursor }, signal });
  }

  #use(rows: readonly Row[]): void {
    this.rows = rows;
    this.bodies.rows = rows;
  }
}

function newIn(rows: readonly Row[], others: readonly Row[]): Row[] {
  const known = new Set(rows.map(({ id }) => id));
  return others.filter(({ id }) => !known.has(id));
}
