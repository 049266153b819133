import { ownerKey, type DocumentChanges, type Owner } from '@opensync/contracts';
import type { BatchOutcome, Delivery, Poison } from '@opensync/event-log';
import type { DocumentStore } from '@opensync/stores';
import { forEachOwner } from '../owners.ts';
import { lettersOf, readChange, type IndexRefusal } from './change-batch.ts';
import type { DocumentIndex } from './document-index.ts';
import { OwnerIndexing } from './owner-indexing.ts';
import { WorkTurn } from './work-turn.ts';

/** How long a turn lasts, plus the step in progress at its end. */
const TURN_MS = 1000;
const OWNERS_AT_ONCE = 4;
/** Documents that a turn checks: as many as a change names. */
const DOCUMENTS_PER_TURN = 500;
/** Sessions of an owner whose turns are remembered; a forgotten one gets its turn sooner. */
const SESSIONS_REMEMBERED = 10_000;

export interface EmbeddingTurnsOptions {
  readonly documents: DocumentStore;
  readonly index: DocumentIndex;
  /** Default 1 s. */
  readonly turnMs?: number;
}

/** A change that is held until all of its documents are in the index. */
interface Work {
  readonly delivery: Delivery;
  readonly owner: Owner;
  readonly changes: DocumentChanges;
  /** Ids of documents that may be unfinished. */
  open: ReadonlySet<string>;
  /** Deleted sessions whose rows are still to be removed: only once, or a turn would undo an earlier one's writes. */
  removed: readonly string[];
  /** When it had its last turn; 0: never. */
  turn: number;
  /** Its documents that the index has rejected, by id. */
  readonly refused: Map<string, { readonly kind: 'sessions' | 'messages'; readonly document: IndexRefusal }>;
}

/** When an owner, and each of the owner's sessions, had the last turn. */
interface OwnerTurns {
  last: number;
  /** How many turns the owner has had. */
  count: number;
  readonly sessions: Map<string, number>;
}

/**
 * Shares an index that takes a second or more per message between owners and sessions. Among all held changes, those
 * of the owners that have waited longest get a turn; among an owner's changes the new ones, then alternately the
 * oldest one and those that have waited longest; within these the sessions that have. A turn takes about a second. So
 * a sentence waits for a turn, not for everything sent before it; and changes are finished one after another, so that
 * there is room for later ones.
 * The list of unfinished work is a hint and is lost with the process. A change is done only after one turn has found,
 * or made, all of its documents complete: earlier turns may have written to a generation that is no longer live.
 */
export class EmbeddingTurns {
  readonly #options: EmbeddingTurnsOptions;
  readonly #work = new WeakMap<Delivery, Work>();
  #owners = new Map<string, OwnerTurns>();
  #turn = 0;

  constructor(options: EmbeddingTurnsOptions) {
    this.#options = options;
  }

  /** One turn for some documents of the batch. @throws AppError as the stores do; then none of it counts as done */
  async take(batch: readonly Delivery[], onProgress: () => void): Promise<BatchOutcome> {
    const poison: Poison[] = [];
    const byOwner = new Map<string, Work[]>();
    for (const delivery of batch) {
      const work = this.#workOf(delivery);
      if (typeof work === 'string') poison.push({ delivery, kind: 'malformed', reason: work });
      else byOwner.set(ownerKey(work.owner), [...(byOwner.get(ownerKey(work.owner)) ?? []), work]);
    }
    this.#forgetOthers(byOwner);
    const lastTurn = (key: string) => this.#owners.get(key)?.last ?? 0;
    const next = [...byOwner.keys()].toSorted((a, b) => lastTurn(a) - lastTurn(b)).slice(0, OWNERS_AT_ONCE);
    const turn = ++this.#turn;
    const endsAt = performance.now() + (this.#options.turnMs ?? TURN_MS);
    const done = new Set<Delivery>();
    await forEachOwner(next, OWNERS_AT_ONCE, async (key) => {
      for (const work of await this.#takeTurn(key, byOwner.get(key)!, { turn, endsAt, onProgress })) {
        done.add(work.delivery);
        poison.push(...lettersOfWork(work));
      }
    });
    const ended = new Set([...done, ...poison.map(({ delivery }) => delivery)]);
    return { poison, unfinished: batch.filter((delivery) => !ended.has(delivery)) };
  }

  /** Returns the finished changes. */
  async #takeTurn(
    key: string,
    inHand: readonly Work[],
    { turn, endsAt, onProgress }: { turn: number; endsAt: number; onProgress: () => void },
  ): Promise<readonly Work[]> {
    const { documents, index } = this.#options;
    const owner = this.#owners.get(key) ?? { last: 0, count: 0, sessions: new Map<string, number>() };
    this.#owners.set(key, owner);
    const works = windowOf(inHand, owner.count++ % 2 === 0);
    const workTurn = new WorkTurn({ onProgress, endsAt, lastWorked: (id) => owner.sessions.get(id) ?? 0 });
    const open = (kind: 'sessions' | 'messages') =>
      new Set(works.flatMap((work) => namedBy(work.changes)[kind].filter((id) => work.open.has(id))));
    const indexing = new OwnerIndexing(works[0]!.owner, documents, index, workTurn);
    await indexing.remove(works.flatMap((work) => work.removed));
    for (const work of works) work.removed = [];
    const rewritten = works.flatMap((work) => work.changes.removed ?? []);
    const refused = await indexing.run({ sessions: open('sessions'), messages: open('messages'), rewritten });

    owner.last = turn;
    if (owner.sessions.size > SESSIONS_REMEMBERED) owner.sessions.clear();
    for (const id of workTurn.worked) owner.sessions.set(id, turn);
    for (const kind of ['sessions', 'messages'] as const) {
      for (const document of refused[kind].values()) {
        // A message that none of them names was written again with its session.
        const naming = works.find(({ changes }) => namedBy(changes)[kind].includes(document.id)) ?? works[0]!;
        naming.refused.set(document.id, { kind, document });
      }
    }
    return works.filter((work) => {
      const all = idsOf(work.changes);
      const isWholeLook = work.open.size === all.size;
      const left = new Set([...work.open].filter((id) => workTurn.left.has(id)));
      work.turn = turn;
      work.open = left.size > 0 ? left : all;
      return left.size === 0 && isWholeLook;
    });
  }

  /** The change in a delivery, or why it is invalid. */
  #workOf(delivery: Delivery): Work | string {
    const known = this.#work.get(delivery);
    if (known) return known;
    const change = readChange(delivery);
    if (typeof change === 'string') return change;
    const { owner, ...changes } = change;
    const work: Work = {
      delivery,
      owner,
      changes,
      open: idsOf(changes),
      removed: changes.removed ?? [],
      turn: 0,
      refused: new Map(),
    };
    this.#work.set(delivery, work);
    return work;
  }

  /** Owners without a held change. */
  #forgetOthers(inHand: ReadonlyMap<string, unknown>): void {
    this.#owners = new Map([...this.#owners].filter(([key]) => inHand.has(key)));
  }
}

/**
 * The changes of a turn, until they name enough documents: new ones in order of arrival, then only the oldest, so
 * that it is soon done, or those that have waited longest.
 */
function windowOf(inHand: readonly Work[], isForOldest: boolean): readonly Work[] {
  const arrived = inHand.filter(({ turn }) => turn === 0);
  const begun = inHand.filter(({ turn }) => turn > 0);
  const next = isForOldest
    ? begun.toSorted((a, b) => a.delivery.sequence - b.delivery.sequence).slice(0, 1)
    : begun.toSorted((a, b) => a.turn - b.turn);
  const window: Work[] = [];
  let documents = 0;
  for (const work of [...arrived, ...next]) {
    if (window.length > 0 && documents + work.open.size > DOCUMENTS_PER_TURN) break;
    window.push(work);
    documents += work.open.size;
  }
  return window;
}

/** The documents to check. */
function namedBy({ sessions, messages, removed = [] }: DocumentChanges) {
  return { sessions: [...sessions, ...removed], messages };
}

function idsOf(changes: DocumentChanges): ReadonlySet<string> {
  const { sessions, messages } = namedBy(changes);
  return new Set([...sessions, ...messages]);
}

function lettersOfWork({ delivery, owner, refused }: Work): Poison[] {
  const of = (kind: 'sessions' | 'messages') =>
    new Map([...refused].flatMap(([id, entry]) => (entry.kind === kind ? [[id, entry.document] as const] : [])));
  const deliveries = new Map([...refused.keys()].map((id) => [id, delivery]));
  return lettersOf(
    { owner, sessions: new Set(), messages: new Set(), removed: new Set(), namedBy: deliveries },
    { sessions: of('sessions'), messages: of('messages') },
  );
}
