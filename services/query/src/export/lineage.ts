import { sessionView, type Reader } from '@opensync/contracts';
import type { DocumentStore } from '@opensync/stores';
import type { Walked } from './walk.ts';

/** A session that an agent started. */
export interface Subagent {
  readonly id: string;
  readonly externalId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Where a session comes from, and what came of it, as far as the reader may see it. */
export interface Lineage {
  /** In the order of their start. */
  readonly subagents: readonly Subagent[];
  /**
   * Whether the session that this one is a fork of has a message of this time, ms: a fork repeats its first messages under their times.
   * To be asked in the order of the messages.
   */
  readonly isCopied: (createdAt: number) => Promise<boolean>;
}

const MOST_SUBAGENTS = 200;
const KEYS_PER_READ = 500;

const nothingIsCopied = () => Promise.resolve(false);
export const NO_LINEAGE: Lineage = { subagents: [], isCopied: nothingIsCopied };

/** @throws AppError UNAVAILABLE */
export async function lineageOf(documents: DocumentStore, reader: Reader, walked: Walked): Promise<Lineage> {
  const { view } = walked;
  return {
    subagents: await subagentsOf(documents, reader, walked),
    isCopied: view.forkedFromId === null ? nothingIsCopied : copiesOf(documents, reader, view.forkedFromId),
  };
}

async function subagentsOf(documents: DocumentStore, reader: Reader, { owner, view }: Walked): Promise<Subagent[]> {
  const parent = { owner, externalId: view.externalId };
  const found = await documents.startedBy(reader, parent, { limit: MOST_SUBAGENTS });
  // A session that names itself was not started by its agent.
  const started = found.map(sessionView).filter(({ parentId }) => parentId === view.id);
  return started.map(({ id, externalId, createdAt }) => ({ id, externalId, startedAt: createdAt }));
}

/** Reads the other session only as far as both agree. */
function copiesOf(documents: DocumentStore, reader: Reader, sessionId: string): Lineage['isCopied'] {
  const times = timesOf(documents, reader, sessionId);
  let next: Promise<IteratorResult<number>> | undefined;
  return async (createdAt) => {
    for (;;) {
      next ??= times.next();
      const { done, value } = await next;
      if (done || value > createdAt) return false;
      if (value === createdAt) return true;
      next = undefined;
    }
  };
}

async function* timesOf(
  documents: DocumentStore,
  reader: Reader,
  sessionId: string,
): AsyncGenerator<number, undefined> {
  const origin = (await documents.sessionsById(reader, [sessionId])).get(sessionId);
  if (!origin) return;
  for (let after; ;) {
    const keys = await documents.messageKeys(origin.owner, sessionId, {
      limit: KEYS_PER_READ,
      ...(after && { after }),
    });
    for (const { createdAt } of keys) yield createdAt;
    after = keys.at(-1);
    if (keys.length < KEYS_PER_READ) return;
  }
}
