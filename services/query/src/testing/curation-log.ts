import {
  evolveSession,
  ownerKey,
  sessionIdOfEvent,
  type NewEvent,
  type Owner,
  type StoredEvent,
} from '@opensync/contracts';
import type { QueryResources } from '../resources.ts';

/** The part of the log that commands write, in memory. */
export interface CurationLogInMemory extends Pick<
  QueryResources,
  'curations' | 'publisher' | 'snapshots' | 'progress'
> {
  readonly stored: StoredEvent[];
  /** Called before an event is compared with the last one: another replica may be faster. */
  beforeAppend: () => Promise<void>;
}

/** A log whose events are in the documents as soon as they are stored, with sequences above 1,000. */
export function curationLog(
  { documents }: Pick<QueryResources, 'documents'>,
  payloads: Map<string, string | Uint8Array> = new Map(),
): CurationLogInMemory {
  const last = new Map<string, number>();
  const ids = new Map<string, Promise<number>>();
  /** By sequence: resolves once the documents have the event. */
  const applied = new Map<number, Promise<void>>();
  const stored: StoredEvent[] = [];
  const store = async (event: NewEvent): Promise<number> => {
    const sequence = 1_001 + stored.length;
    const withSequence = { ...event, sequence } as StoredEvent;
    stored.push(withSequence);
    const folded = fold(documents, event.owner, withSequence);
    applied.set(sequence, folded);
    await folded;
    return sequence;
  };
  const log: CurationLogInMemory = {
    stored,
    beforeAppend: async () => undefined,
    curations: {
      last: async (owner) => last.get(ownerKey(owner)) ?? 0,
      append: async (event, after) => {
        await log.beforeAppend();
        const key = ownerKey(event.owner);
        if ((last.get(key) ?? 0) !== after) return undefined;
        last.set(key, 1_001 + stored.length);
        return store(event);
      },
    },
    publisher: {
      publish: async (events) => {
        const sequences: number[] = [];
        for (const event of events) {
          const sequence = ids.get(event.id) ?? store(event);
          ids.set(event.id, sequence);
          sequences.push(await sequence);
        }
        return sequences;
      },
    },
    progress: {
      applied: async () => Infinity,
      waitFor: async (sequence) => {
        await applied.get(sequence);
        return true;
      },
    },
    snapshots: {
      put: async (_owner, content) => {
        const sha256 = (payloads.size + 1).toString(16).padStart(64, '0');
        payloads.set(sha256, content);
        return { sha256, size: Buffer.byteLength(content) };
      },
    },
  };
  return log;
}

async function fold(documents: QueryResources['documents'], owner: Owner, event: StoredEvent): Promise<void> {
  const id = sessionIdOfEvent(event);
  for (let isSaved = false; !isSaved;) {
    const { sessions, gone } = await documents.load(owner, { sessions: [id] });
    const { revision = 0, ...state } = sessions.get(id) ?? gone.get(id) ?? {};
    const before = 'id' in state ? (state as StoredState) : undefined;
    const lost = await documents.save({
      sessions: [{ ...evolveSession(before, event)!, revision }],
      messages: [],
      parts: [],
    });
    isSaved = lost.length === 0;
  }
}

type StoredState = NonNullable<Parameters<typeof evolveSession>[0]>;
