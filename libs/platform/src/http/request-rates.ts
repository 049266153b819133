/** Requests per key and minute by route class; 0 means no limit. */
export interface RateLimits {
  readonly ingest: number;
  readonly read: number;
}
export type RouteClass = keyof RateLimits;

/** What one process has counted in a minute: the number of requests by class and key. */
export interface CountedRequests {
  /** The minutes since the epoch. */
  readonly window: number;
  /** By `<class> <key id>`. */
  readonly counts: Readonly<Record<string, number>>;
}

interface Counter {
  own: number;
  /** Of all other processes. */
  others: number;
  /** Since it was last told. */
  isChanged: boolean;
}

/** Of a class; beyond it, all of its keys begin at zero again, which lets more through, never less. */
const MOST_KEYS = 50_000;
/** Replicas that are remembered. */
const MOST_PROCESSES = 256;

/**
 * How many requests each key has sent in this minute, here and in other processes. Each process says what it has counted so far,
 * again and again: a lost or repeated message changes nothing in the end.
 */
export class RequestRates {
  static readonly WINDOW_MS = 60_000;

  readonly #now: () => number;
  #window = -1;
  readonly #counters: Readonly<Record<RouteClass, Map<string, Counter>>> = { ingest: new Map(), read: new Map() };
  /** What each process has said. */
  readonly #heard = new Map<string, Map<string, number>>();

  /** @param now milliseconds since the epoch: all processes have the same minutes, give or take their clocks */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Counts a request. `used` includes it; the count begins at zero again in `resetSeconds`. */
  take(name: RouteClass, keyId: string): { readonly used: number; readonly resetSeconds: number } {
    const now = this.#now();
    this.#turn(now);
    const counter = this.#counter(name, keyId);
    counter.own++;
    counter.isChanged = true;
    const resetSeconds = Math.ceil((RequestRates.WINDOW_MS - (now % RequestRates.WINDOW_MS)) / 1000);
    return { used: counter.own + counter.others, resetSeconds };
  }

  /** How many are counted now. */
  used(name: RouteClass, keyId: string): number {
    this.#turn(this.#now());
    const { own = 0, others = 0 } = this.#counters[name].get(keyId) ?? {};
    return own + others;
  }

  /** What has changed since the last call, in pieces; empty if nothing has. @param most keys of a piece, at least 1 */
  changes(most: number): CountedRequests[] {
    this.#turn(this.#now());
    const changed: [string, number][] = [];
    for (const [name, counters] of Object.entries(this.#counters)) {
      for (const [keyId, counter] of counters) {
        if (!counter.isChanged) continue;
        counter.isChanged = false;
        changed.push([`${name} ${keyId}`, counter.own]);
      }
    }
    const pieces: CountedRequests[] = [];
    for (let at = 0; at < changed.length; at += most) {
      pieces.push({ window: this.#window, counts: Object.fromEntries(changed.slice(at, at + most)) });
    }
    return pieces;
  }

  /** Another process has counted this so far. */
  heard(process: string, { window, counts }: CountedRequests): void {
    this.#turn(this.#now());
    if (window !== this.#window) return;
    let said = this.#heard.get(process);
    if (!said) {
      if (this.#heard.size >= MOST_PROCESSES) return;
      this.#heard.set(process, (said = new Map()));
    }
    for (const [key, count] of Object.entries(counts)) {
      const [name, keyId = ''] = key.split(' ', 2) as [string, string?];
      const more = count - (said.get(key) ?? 0);
      const isKnown = name === 'ingest' || name === 'read';
      if (!isKnown || more <= 0 || (said.size >= MOST_KEYS && !said.has(key))) continue;
      said.set(key, count);
      this.#counter(name, keyId).others += more;
    }
  }

  #counter(name: RouteClass, keyId: string): Counter {
    const counters = this.#counters[name];
    let counter = counters.get(keyId);
    if (counter) return counter;
    if (counters.size >= MOST_KEYS) counters.clear();
    counters.set(keyId, (counter = { own: 0, others: 0, isChanged: false }));
    return counter;
  }

  #turn(now: number): void {
    const window = Math.floor(now / RequestRates.WINDOW_MS);
    if (window === this.#window) return;
    this.#window = window;
    this.#counters.ingest.clear();
    this.#counters.read.clear();
    this.#heard.clear();
  }
}
