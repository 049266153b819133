import { get, type Query } from '../../api/client.ts';
import type { Outline, SessionPage } from '../../api/types.ts';
import { AT_ONCE, Bodies, PREVIEW } from './bodies.svelte.ts';
import { rowsOf, type Row } from './transcript.ts';

/** Messages that arrive together are read together. */
const TOGETHER_MS = 200;

/**
 * The messages of one session while somebody looks at it: its outline, then what arrives. What is here stays when the
 * session gets another title or another message.
 */
export class Reading {
  readonly #sessionId: string;
  readonly #aborter = new AbortController();
  readonly bodies: Bodies;
  rows = $state.raw<readonly Row[]>([]);
  /** Called just before messages are added at the end. */
  onadd: (() => void) | undefined;
  #turn = 0;
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
  async open(target: string | undefined, signal: AbortSignal): Promise<SessionPage> {
    const page = (query: Query) =>
      get('/api/sessions/{id}', {
        ...{ at: { id: this.#sessionId }, signal },
        query: { messageLimit: AT_ONCE, preview: PREVIEW, ...query },
      });
    // A link may lead to a message that is gone.
    const opened = await (target === undefined ? page({}) : page({ around: target }).catch(() => page({})));
    this.bodies.keep(opened.messages);
    return opened;
  }

  /** Shows an outline and the pages after it. Read again, it replaces what is here as a whole, so that no place is lost. */
  async show(outline: Outline): Promise<void> {
    const turn = ++this.#turn;
    const isAgain = this.rows.length > 0;
    this.#arrived = [];
    let rows = rowsOf(outline);
    if (!isAgain) this.#use(rows);
    // A session of more than ten thousand messages has a longer outline.
    for (let { cursor } = outline; cursor !== null;) {
      const more = await this.#outline(cursor);
      if (!more || turn !== this.#turn) return;
      rows = [...rows, ...newIn(rows, rowsOf(more))];
      if (!isAgain) this.#use([...this.rows, ...newIn(this.rows, rowsOf(more))]);
      ({ cursor } = more);
    }
    if (!isAgain) return;
    this.bodies.forgetAll();
    this.#use([...rows, ...newIn(rows, this.#arrived)]);
  }

  /** A message was written. */
  heard(messageId: string): void {
    this.bodies.forget(messageId);
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

  async #readTail(): Promise<void> {
    const more = await this.#outline(this.rows.at(-1)?.position);
    const added = more ? newIn(this.rows, rowsOf(more)) : [];
    if (added.length === 0) return;
    this.onadd?.();
    this.#arrived = [...this.#arrived, ...added];
    this.#use([...this.rows, ...added]);
  }

  /** Undefined if it cannot be read now; the next message, or the server once it is back, reads again. */
  #outline(cursor: string | undefined): Promise<Outline | undefined> {
    const { signal } = this.#aborter;
    return get('/api/sessions/{id}/outline', { at: { id: this.#sessionId }, query: { cursor }, signal }).catch(
      () => undefined,
    );
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
