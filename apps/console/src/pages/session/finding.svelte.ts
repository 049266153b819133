import { get } from '../../api/client.ts';
import { markWords } from './found.ts';

/** After the last key: nobody wants the hits of half a word. */
const TYPED_MS = 200;
/** After the last scroll, when the rows of a place are there. */
const MARK_MS = 150;
const MOST_HITS = 200;

/** What somebody looks for within a session, and the messages that have it. Made while its component begins. */
export class Finding {
  query = $state('');
  hits = $state.raw<readonly string[]>([]);
  /** All of them; at most MOST_HITS are in `hits`. */
  count = $state(0);
  /** Which of the hits is looked at; -1: none. */
  at = $state(-1);
  isBusy = $state(false);
  /** What is marked. */
  frame = $state<HTMLElement>();
  field = $state<HTMLInputElement>();
  readonly all: ReadonlySet<string> = $derived(new Set(this.hits));
  readonly current = $derived(this.hits[this.at]);
  readonly #onhit: (messageId: string) => void;
  #marking: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param sessionId undefined while the session is not read yet
   * @param onhit called with the message to go to
   */
  constructor(sessionId: () => string | undefined, onhit: (messageId: string) => void) {
    this.#onhit = onhit;
    $effect(() => {
      const words = this.query.trim();
      const id = sessionId();
      if (words === '' || id === undefined) {
        this.hits = [];
        this.at = -1;
        this.markSoon();
        return;
      }
      const aborter = new AbortController();
      const timer = setTimeout(() => void this.#search(id, words, aborter.signal), TYPED_MS);
      return () => {
        clearTimeout(timer);
        aborter.abort();
      };
    });
  }

  /** To the next hit, or the one before; around the ends. */
  step(direction: 1 | -1): void {
    if (this.hits.length === 0) return;
    this.at = (this.at + direction + this.hits.length) % this.hits.length;
    this.#onhit(this.hits[this.at]!);
    this.markSoon();
  }

  /** Marks the words in what is on the screen by then. */
  markSoon(): void {
    clearTimeout(this.#marking);
    this.#marking = setTimeout(() => {
      if (this.frame) markWords(this.frame, this.query);
    }, MARK_MS);
  }

  async #search(id: string, q: string, signal: AbortSignal): Promise<void> {
    this.isBusy = true;
    try {
      const { results, count } = await get('/api/sessions/{id}/search', {
        ...{ at: { id }, query: { q, limit: MOST_HITS } },
        signal,
      });
      this.hits = results.map(({ messageId }) => messageId);
      this.count = count;
      this.at = -1;
      this.step(1);
    } catch {
      // The field still says what is looked for; the next key asks again.
    } finally {
      this.isBusy = false;
    }
  }
}
