import { type Owner } from '@opensync/contracts';
import { AppError, isRetryable, reasonOf } from '@opensync/platform';
import type { QueryResources } from '../resources.ts';

/** One value of a document, and the event that set it. */
export interface ShownRegister {
  readonly field: string;
  /** As JSON, cut after {@link VALUE_CHARACTERS}. */
  readonly value: string;
  /** The position in the log of the event that set it. */
  readonly sequence: number | null;
  /** How much it counts, if an event gave it another rank than its value has. */
  readonly rank: number | null;
}

/** What an index has of a document; `problem`: it does not answer. */
export type ShownRow = { readonly row: object | null } | { readonly problem: string };

export interface ShownDocument {
  readonly id: string;
  readonly kind: 'session' | 'message';
  readonly owner: Owner;
  /** Null: the documents do not have it. */
  readonly document: {
    readonly externalId: string;
    readonly sessionId: string;
    readonly revision: number;
    readonly isGone: boolean;
    readonly firstSequence: number;
    readonly lastSequence: number;
    /** Fields of a newer version that this one keeps without reading them, as JSON. */
    readonly unknown: string | null;
    readonly registers: readonly ShownRegister[];
  } | null;
  readonly search: ShownRow;
  readonly vectors: ShownRow;
  /** Positions of the events that still show in it, in order: {@link MOST_EVENTS} at most, the latest ones. */
  readonly sequences: readonly number[];
  readonly sequencesOmitted: number;
}

export const VALUE_CHARACTERS = 2_000;
export const MOST_EVENTS = 100;

type DocumentResources = Pick<QueryResources, 'documents' | 'search' | 'vectors'>;
type Loaded = Awaited<ReturnType<QueryResources['documents']['load']>>;
type Found = NonNullable<ReturnType<Loaded['sessions']['get']> | ReturnType<Loaded['messages']['get']>>;

/** What every store has of a document, without regard to who may see it, with the events that set each value. @throws AppError NOT_FOUND */
export async function readDocument(
  { documents, search, vectors }: DocumentResources,
  owner: Owner,
  id: string,
): Promise<ShownDocument> {
  const kind = kindOf(id);
  const [found, inSearch, inVectors] = await Promise.all([
    documents.load(owner, kind === 'session' ? { sessions: [id] } : { messages: [id] }),
    rowOf(async () => (await search.indexed(owner, [id])).get(id)),
    rowOf(async () => {
      const row = (await vectors.indexed(owner, [id])).get(id);
      return row && { ...row, hashes: undefined, vectors: undefined, chunks: row.hashes.length };
    }),
  ]);
  const gone = found.gone.get(id);
  const stored = kind === 'session' ? (found.sessions.get(id) ?? gone) : found.messages.get(id);
  const rows = { search: inSearch, vectors: inVectors };
  if (!stored && Object.values(rows).every((shown) => 'row' in shown && shown.row === null)) {
    throw new AppError('NOT_FOUND', 'No store has a document of this owner with this id');
  }
  const sequences = stored ? sequencesOf(stored) : [];
  const omitted = Math.max(0, sequences.length - MOST_EVENTS);
  return {
    ...{ id, kind, owner },
    document: stored ? shown(stored, { isGone: gone !== undefined }) : null,
    ...rows,
    sequences: sequences.slice(omitted),
    sequencesOmitted: omitted,
  };
}

export function kindOf(id: string): ShownDocument['kind'] {
  return id.startsWith('ses_') ? 'session' : 'message';
}

function shown(stored: Found, { isGone }: { readonly isGone: boolean }): ShownDocument['document'] {
  const { externalId, revision, span, unknown, fields } = stored;
  const sequences: Readonly<Record<string, number | undefined>> = stored.sequences;
  const ranks: Readonly<Record<string, number | undefined>> = stored.ranks ?? {};
  const registers = Object.entries(fields).map(([field, value]) => {
    return { field, value: cut(value), sequence: sequences[field] ?? null, rank: ranks[field] ?? null };
  });
  return {
    ...{ externalId, sessionId: 'sessionId' in stored ? stored.sessionId : stored.id, revision, isGone, registers },
    ...{ firstSequence: span.firstSequence, lastSequence: span.lastSequence },
    unknown: unknown === undefined ? null : cut(unknown),
  };
}

function sequencesOf(stored: Found): number[] {
  const { firstSequence, lastSequence } = stored.span;
  const deletion = 'deletion' in stored ? stored.deletion?.sequence : undefined;
  const all = [...Object.values(stored.sequences as Record<string, number>), firstSequence, lastSequence, deletion];
  return [...new Set(all.filter((sequence) => sequence !== undefined && sequence > 0))].toSorted(
    (a, b) => a! - b!,
  ) as number[];
}

async function rowOf(read: () => Promise<object | undefined>): Promise<ShownRow> {
  try {
    return { row: (await read()) ?? null };
  } catch (error) {
    if (isRetryable(error)) return { problem: reasonOf(error) };
    throw error;
  }
}

function cut(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length <= VALUE_CHARACTERS ? text : `${text.slice(0, VALUE_CHARACTERS).toWellFormed()}…`;
}
