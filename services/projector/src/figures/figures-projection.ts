import { isHidden, type Figures } from '@opensync/contracts';
import type { Contribution, DocumentStore, DueSession, PendingQuarter } from '@opensync/stores';
import type { PriceTable } from '../rating/index.ts';
import { sessionFigures } from './session-figures.ts';
import { sumUp, type ChangedQuarter } from './sum-figures.ts';

/** Only their names are in memory. */
const DUE_AT_ONCE = 4096;
/** Their sums are computed once for all of them. */
const SESSIONS_AT_ONCE = 64;
/** Fewer of them at once if they are long: all of this is in memory. */
const QUARTERS_AT_ONCE = 4000;

/** The digest of figures whose costs the next process computes again, with its own prices. */
export const NO_DIGEST = '';

interface Computed {
  readonly session: DueSession;
  /** Undefined: the stored one is right and summed up. */
  readonly contribution: Contribution | undefined;
}

export interface FiguresProjectionResources {
  readonly documents: DocumentStore;
  readonly prices: PriceTable;
}

/**
 * Documents → figures: what each session contributes, and the sums over sessions. Reads only sessions that are due, and
 * is safe to repeat and to run next to other replicas, in any order: a session stays due until its contribution and
 * all sums that contain it are stored.
 */
export class FiguresProjection {
  readonly #documents: DocumentStore;
  #prices: PriceTable;

  constructor({ documents, prices }: FiguresProjectionResources) {
    this.#documents = documents;
    this.#prices = prices;
  }

  /**
   * Makes all sessions due if their costs are from another price table. To be called once, at the start: of processes with
   * different tables, the one that was started last decides, and the others then leave the figures to it.
   */
  async adoptPrices(): Promise<void> {
    const stored = await this.#documents.figureRating();
    if (stored?.digest === this.#prices.digest && stored.marked) return;
    await this.#documents.rateAgain(this.#prices.digest);
  }

  /** Rates with other prices from now on. Resolves with whether they differ; all sessions are due then. */
  async changePrices(prices: PriceTable): Promise<boolean> {
    if (prices.digest === this.#prices.digest) return false;
    this.#prices = prices;
    await this.adoptPrices();
    return true;
  }

  /**
   * Brings up to date the figures of every session that is due when its turn comes. Returns their number.
   * @throws StoreUnavailableError, AppError UNAVAILABLE
   */
  async update(signal?: AbortSignal): Promise<number> {
    let done = 0;
    for (let after: string | undefined; ;) {
      if (!(await this.#mayCompute())) return done;
      const page = await this.#documents.dueFigures({ limit: DUE_AT_ONCE, ...(after !== undefined && { after }) });
      if (page.length === 0) return done;
      const due = page.toSorted(byOwnerAndTime);
      for (let at = 0; at < due.length; at += SESSIONS_AT_ONCE) {
        signal?.throwIfAborted();
        if (at > 0 && !(await this.#mayCompute())) return done;
        const sessions = due.slice(at, at + SESSIONS_AT_ONCE);
        await this.#updateSessions(sessions);
        done += sessions.length;
      }
      after = page.at(-1)!.place;
    }
  }

  /** False if another process, with other prices, computes the figures now. */
  async #mayCompute(): Promise<boolean> {
    const rating = await this.#documents.figureRating();
    // A rebuild has begun a new generation.
    if (!rating || rating.digest === NO_DIGEST) await this.adoptPrices();
    else if (rating.digest !== this.#prices.digest) return false;
    return true;
  }

  async #updateSessions(due: readonly DueSession[]): Promise<void> {
    let computed: Computed[] = [];
    let quarters = 0;
    for (const session of due) {
      const contribution = await this.#contribution(session);
      computed.push({ session, contribution });
      if (contribution) quarters += contribution.figures.size + contribution.pending.length;
      if (quarters < QUARTERS_AT_ONCE) continue;
      await this.#store(computed);
      [computed, quarters] = [[], 0];
    }
    await this.#store(computed);
  }

  /** In this order: after a crash in between, what is pending is known, and the sessions are still due. */
  async #store(computed: readonly Computed[]): Promise<void> {
    const changed = computed.flatMap(({ session, contribution }) =>
      contribution ? [{ ...session, ...contribution }] : [],
    );
    const lost = new Set(changed.length > 0 ? await this.#documents.saveContributions(changed) : []);
    // Those that lost stay due.
    const won = changed.filter(({ sessionId }) => !lost.has(sessionId));
    await sumUp(this.#documents, won.flatMap(changedQuarters));
    const unchanged = computed.flatMap(({ session, contribution }) => (contribution ? [] : [session]));
    await this.#documents.settleContributions([...unchanged, ...won]);
  }

  /** The contribution of a session, or undefined if the stored one is right and summed up. */
  async #contribution(due: DueSession): Promise<Contribution | undefined> {
    const { owner, sessionId } = due;
    const [stored] = (await this.#documents.contributions([due])) as [Contribution];
    const usage = await this.#documents.sessionUsage(owner, sessionId);
    const { session } = usage;
    const isCounted = session !== undefined && !isHidden(session);
    const figures = isCounted ? sessionFigures(session, usage, this.#prices) : new Map<number, Figures>();
    const shared = isCounted && session.fields.visibility === 'workspace';
    const changed = differences(stored, { shared, figures });
    const pending = [
      ...new Map([...stored.pending, ...changed].map((of) => [`${of.quarter} ${of.shared}`, of])).values(),
    ];
    return pending.length === 0 ? undefined : { revision: stored.revision, shared, figures, pending };
  }
}

/** Groups sessions of the same days: the sum of a day reads all of its quarters, and would otherwise be computed once for each session. */
function byOwnerAndTime(one: DueSession, other: DueSession): number {
  const [a, b] = [one.owner, other.owner];
  if (a.workspaceId !== b.workspaceId) return a.workspaceId < b.workspaceId ? -1 : 1;
  if (a.userId !== b.userId) return a.userId < b.userId ? -1 : 1;
  return one.createdAt - other.createdAt;
}

/** The quarters whose sums change if one contribution replaces another. */
function differences(
  before: Pick<Contribution, 'shared' | 'figures'>,
  after: Pick<Contribution, 'shared' | 'figures'>,
): PendingQuarter[] {
  const isSame = (quarter: number) =>
    before.shared === after.shared &&
    JSON.stringify(before.figures.get(quarter)) === JSON.stringify(after.figures.get(quarter));
  const changed: PendingQuarter[] = [];
  for (const quarter of new Set([...before.figures.keys(), ...after.figures.keys()])) {
    if (isSame(quarter)) continue;
    if (before.figures.has(quarter)) changed.push({ quarter, shared: before.shared });
    if (after.figures.has(quarter) && !(before.figures.has(quarter) && before.shared === after.shared)) {
      changed.push({ quarter, shared: after.shared });
    }
  }
  return changed;
}

function changedQuarters({ owner, pending }: DueSession & Contribution): ChangedQuarter[] {
  return pending.map(({ quarter, shared }) => ({ ...owner, quarter, shared }));
}
