import type { CountedRequests } from './request-rates.ts';

/** What is counted of each workspace: its API requests, and the events and the bytes that it sends to `/sync/…`. */
export const METERED = ['requests', 'events', 'bytes'] as const;
export type Metered = (typeof METERED)[number];
export type Amounts = Readonly<Record<Metered, number>>;

/** Most that a workspace may use in a day; 0: any amount. */
export type DailyLimits = Amounts;

const DAY_MS = 24 * 60 * 60_000;
/** Beyond it, all of them begin at zero again, which lets more through, never less. */
const MOST_WORKSPACES = 50_000;
/** Processes of a day that are remembered: each restart is another one. */
const MOST_PROCESSES = 1_024;

/** What a workspace has used on this day. */
export class WorkspaceUse {
  readonly own: Record<Metered, number> = { requests: 0, events: 0, bytes: 0 };
  /** Of all other processes. */
  readonly others: Record<Metered, number> = { requests: 0, events: 0, bytes: 0 };
  /** Since it was last told. */
  isChanged = false;

  add(what: Metered, amount: number): void {
    this.own[what] += amount;
    this.isChanged = true;
  }

  used(what: Metered): number {
    return this.own[what] + this.others[what];
  }
}

/** What one process has counted on a day. */
export interface CountedDay {
  /** As `2026-11-30`, in UTC. */
  readonly day: string;
  /** In pieces; what a workspace belongs to stays in the same one. By `<what> <workspace id>`. */
  readonly pieces: readonly Readonly<Record<string, number>>[];
}

/**
 * How much each workspace has used on this day, here and in other processes. As with `RequestRates`, each process says what it
 * has counted so far, again and again. Every workspace has days of UTC: a limit cannot begin at another moment
 * for each of its members.
 */
export class DailyUse {
  readonly #now: () => number;
  #day = -1;
  readonly #workspaces = new Map<string, WorkspaceUse>();
  /** What each process has said. */
  readonly #heard = new Map<string, Map<string, number>>();
  #isUnsaved = false;
  #ended: CountedDay | undefined;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The use of a workspace, to read it and to add to it. Valid for one request: the next day has another one. */
  of(workspaceId: string): WorkspaceUse {
    this.#turn();
    return this.#use(workspaceId);
  }

  /** What every workspace has used on this day. */
  all(): (Amounts & { readonly workspaceId: string })[] {
    this.#turn();
    return [...this.#workspaces].map(([workspaceId, use]) => {
      const [requests, events, bytes] = METERED.map((what) => use.used(what)) as [number, number, number];
      return { workspaceId, requests, events, bytes };
    });
  }

  /** This day, as `2026-11-30`, in UTC. */
  get day(): string {
    this.#turn();
    return dateOf(this.#day);
  }

  /** When the next day begins, in milliseconds since the epoch. */
  get endsAt(): number {
    this.#turn();
    return (this.#day + 1) * DAY_MS;
  }

  /** Until the next day begins: 1 to 86,400. */
  get resetSeconds(): number {
    return Math.ceil((this.endsAt - this.#now()) / 1000);
  }

  /** The counts that changed since the last call, in pieces of limited size; empty if none did. */
  changes(most: number): CountedRequests[] {
    this.#turn();
    const changed: [string, number][] = [];
    for (const [workspaceId, use] of this.#workspaces) {
      if (!use.isChanged) continue;
      use.isChanged = false;
      this.#isUnsaved = true;
      changed.push(...countsOf(workspaceId, use));
    }
    return pieces(changed, most).map((counts) => ({ window: this.#day, counts }));
  }

  /** Another process has counted this so far. What is of another day, or of a minute, is left alone. */
  heard(process: string, { window, counts }: CountedRequests): void {
    this.#turn();
    if (window !== this.#day) return;
    let said = this.#heard.get(process);
    if (!said) {
      if (this.#heard.size >= MOST_PROCESSES) return;
      this.#heard.set(process, (said = new Map()));
    }
    for (const [key, count] of Object.entries(counts)) {
      const [what, workspaceId = ''] = key.split(' ', 2) as [Metered, string?];
      const more = count - (said.get(key) ?? 0);
      const isFull = said.size >= METERED.length * MOST_WORKSPACES && !said.has(key);
      if (!METERED.includes(what) || more <= 0 || isFull) continue;
      said.set(key, count);
      this.#use(workspaceId).others[what] += more;
    }
  }

  /** As {@link heard}, by the name of the day. */
  heardOf(process: string, day: string, counts: Readonly<Record<string, number>>): void {
    this.heard(process, { window: Math.floor(Date.parse(day) / DAY_MS), counts });
  }

  /**
   * What this process has counted and not yet given to be stored: the end of the day before, and this day as a whole. Taken
   * once; {@link untaken} gives it back.
   */
  take(most: number): CountedDay[] {
    this.#turn();
    const days = this.#ended ? [this.#ended] : [];
    this.#ended = undefined;
    if (this.#hasUnsaved()) days.push(this.#counted(most));
    this.#isUnsaved = false;
    return days;
  }

  /** What was taken could not be stored. */
  untaken(days: readonly CountedDay[]): void {
    for (const counted of days) {
      if (counted.day === this.day) this.#isUnsaved = true;
      else this.#ended ??= counted;
    }
  }

  #hasUnsaved(): boolean {
    if (this.#isUnsaved) return true;
    for (const { isChanged } of this.#workspaces.values()) if (isChanged) return true;
    return false;
  }

  #counted(most: number): CountedDay {
    // A workspace keeps its place, because all of its counts are there even if they are zero.
    const counts = [...this.#workspaces].flatMap(([workspaceId, use]) => countsOf(workspaceId, use));
    return { day: dateOf(this.#day), pieces: pieces(counts, most) };
  }

  #use(workspaceId: string): WorkspaceUse {
    let use = this.#workspaces.get(workspaceId);
    if (use) return use;
    if (this.#workspaces.size >= MOST_WORKSPACES) this.#workspaces.clear();
    this.#workspaces.set(workspaceId, (use = new WorkspaceUse()));
    return use;
  }

  #turn(): void {
    const day = Math.floor(this.#now() / DAY_MS);
    if (day === this.#day) return;
    if (this.#day >= 0 && this.#hasUnsaved()) this.#ended = this.#counted(STORED_AT_ONCE);
    this.#day = day;
    this.#isUnsaved = false;
    this.#workspaces.clear();
    this.#heard.clear();
  }
}

/** Counts of one stored value: some 60 KB. */
export const STORED_AT_ONCE = 999;

function countsOf(workspaceId: string, { own }: WorkspaceUse): [string, number][] {
  return METERED.map((what) => [`${what} ${workspaceId}`, own[what]]);
}

function pieces(counts: readonly [string, number][], most: number): Record<string, number>[] {
  const found: Record<string, number>[] = [];
  for (let at = 0; at < counts.length; at += most) found.push(Object.fromEntries(counts.slice(at, at + most)));
  return found;
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
