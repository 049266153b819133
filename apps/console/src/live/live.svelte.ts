import { addressFor } from '../api/client.ts';
import type { Session } from '../api/types.ts';
import { session } from '../session/session.svelte.ts';

/** A change that the server announces, without bodies. */
export type LiveChange =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'message'; readonly message: LiveMessage }
  | { readonly kind: 'gone'; readonly sessionId: string }
  /** Too many changes were missed to list them: read again. */
  | { readonly kind: 'reset' };

export interface LiveMessage {
  readonly id: string;
  readonly sessionId: string;
  readonly role: string;
  readonly model: string | null;
  readonly createdAt: number;
}

export type LiveState = 'connecting' | 'open' | 'away';

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** Changes that are kept for a page that does not listen yet; more than this are a reason to read again. */
const MOST_UNHEARD = 100;
/** How long the first page may take until it listens. */
const EARLY_MS = 5_000;

/** One stream for the whole console. */
class Live {
  state = $state<LiveState>('away');
  /** Grows whenever the server says that everything up to a position was applied and told. */
  positions = $state(0);
  #pauseMs = FIRST_RETRY_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Whether a stream ended and its successor does not know where to continue. */
  #hasMissed = false;
  #openedAt = 0;
  /** Changes while the first page was on its way: its reads may have been answered before them. */
  #unheard: readonly LiveChange[] = [];
  readonly #listeners = new Set<(change: LiveChange) => void>();
  #source: EventSource | undefined;

  /** Hears every change until the returned function is called, and before it those that nobody has heard. */
  hear(listener: (change: LiveChange) => void): () => void {
    this.#listeners.add(listener);
    const unheard = this.#unheard;
    this.#unheard = [];
    // As those to come: not while the component that listens is being made.
    if (unheard.length > 0) queueMicrotask(() => unheard.forEach(listener));
    return () => void this.#listeners.delete(listener);
  }

  open(): void {
    this.close();
    this.#hasMissed = false;
    this.#pauseMs = FIRST_RETRY_MS;
    this.#openedAt = Date.now();
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
    this.#unheard = [];
    this.state = 'away';
  }

  #connect(): void {
    this.state = 'connecting';
    const source = new EventSource(addressFor('/api/live'));
    this.#source = source;
    const data = <Data>(event: Event) => JSON.parse((event as MessageEvent<string>).data) as Data;
    const begin = (isReset: boolean) => {
      this.state = 'open';
      this.#pauseMs = FIRST_RETRY_MS;
      this.positions++;
      if (isReset || this.#hasMissed) this.#tell({ kind: 'reset' });
      this.#hasMissed = false;
    };
    source.addEventListener('ready', () => begin(false));
    source.addEventListener('reset', () => begin(true));
    source.addEventListener('position', () => void this.positions++);
    source.addEventListener('session', (event) => this.#tell({ kind: 'session', session: data<Session>(event) }));
    source.addEventListener('message', (event) => this.#tell({ kind: 'message', message: data<LiveMessage>(event) }));
    source.addEventListener('gone', (event) => this.#tell({ kind: 'gone', ...data<{ sessionId: string }>(event) }));
    source.addEventListener('error', () => {
      if (source !== this.#source) return;
      this.state = source.readyState === EventSource.CONNECTING ? 'connecting' : 'away';
      if (this.state === 'away') this.#refused();
    });
  }

  /** A browser gives up a stream that was answered with an error, even a temporary one: the server is busy or starting. */
  #refused(): void {
    this.#hasMissed = true;
    clearTimeout(this.#retry);
    // After a random pause: all tabs were rejected at once.
    this.#retry = setTimeout(() => this.#connect(), this.#pauseMs * (0.5 + Math.random() / 2));
    this.#pauseMs = Math.min(LAST_RETRY_MS, this.#pauseMs * 2);
    // The refusal does not say why. If the login has ended, the stream is closed.
    void session.check();
  }

  #tell(change: LiveChange): void {
    if (this.#listeners.size === 0 && Date.now() - this.#openedAt < EARLY_MS) {
      this.#unheard = this.#unheard.length < MOST_UNHEARD ? [...this.#unheard, change] : [{ kind: 'reset' }];
    }
    for (const listener of this.#listeners) listener(change);
  }
}

export const live = new Live();
