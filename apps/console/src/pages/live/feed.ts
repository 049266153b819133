import type { Session } from '../../api/types.ts';

/** What the stream tells of, as its frames name it. */
export type Change =
  | { readonly event: 'session'; readonly data: Session }
  | {
      readonly event: 'message';
      readonly data: {
        readonly id: string;
        readonly sessionId: string;
        readonly role: string;
        readonly model: string | null;
        readonly promptTokens: number;
        readonly completionTokens: number;
        readonly createdAt: number;
      };
    }
  | { readonly event: 'gone'; readonly data: { readonly sessionId: string } }
  | {
      readonly event: 'receipt';
      readonly data: {
        readonly sequences: readonly string[];
        readonly sessionId: string;
        readonly messageId?: string | undefined;
      };
    }
  | { readonly event: 'reset'; readonly data: { readonly reason: string } };

/** A line of the feed: the latest of what changed of one thing. */
export interface Entry {
  /** Of the thing that changed, such as `message msg_1`. */
  readonly key: string;
  readonly change: Change;
  /** When it arrived here, in milliseconds since the epoch. */
  readonly at: number;
  /** How often it changed since it is in the list. */
  readonly times: number;
}

export interface Feed {
  /** Newest first. */
  readonly entries: readonly Entry[];
  /** What sessions are called; messages and receipts name only their ids. The oldest are forgotten. */
  readonly sessions: ReadonlyMap<string, Pick<Session, 'title' | 'source' | 'projectName'>>;
}

/** Lines that are kept and shown; elements in the page are bounded by it, too. */
export const MOST_ENTRIES = 100;
const MOST_SESSIONS = 500;

export const EMPTY: Feed = { entries: [], sessions: new Map() };

/**
 * The feed after changes, in their order. What changes again moves to the top instead of filling the list: a session changes with
 * each of its messages. Pure.
 */
export function withChanges(
  { entries, sessions }: Feed,
  changes: readonly Change[],
  { kinds, now }: { readonly kinds: ReadonlySet<string>; readonly now: number },
): Feed {
  const byKey = new Map(entries.toReversed().map((entry) => [entry.key, entry]));
  const known = new Map(sessions);
  for (const change of changes) {
    if (change.event === 'session') {
      const { id, title, source, projectName } = change.data;
      known.delete(id);
      known.set(id, { title, source, projectName });
    }
    // What was missed or is gone is always told.
    if (
      (change.event === 'message' || change.event === 'session' || change.event === 'receipt') &&
      !kinds.has(change.event)
    )
      continue;
    const key = keyOf(change);
    const times = (byKey.get(key)?.times ?? 0) + 1;
    byKey.delete(key);
    byKey.set(key, { key, change, at: now, times });
  }
  for (const id of known.keys()) {
    if (known.size <= MOST_SESSIONS) break;
    known.delete(id);
  }
  return { entries: [...byKey.values()].toReversed().slice(0, MOST_ENTRIES), sessions: known };
}

function keyOf({ event, data }: Change): string {
  if (event === 'session') return `session ${data.id}`;
  if (event === 'message') return `message ${data.id}`;
  if (event === 'receipt') return `receipt ${data.messageId ?? data.sessionId}`;
  return event === 'gone' ? `gone ${data.sessionId}` : 'reset';
}

const EVENTS: ReadonlySet<string> = new Set(['session', 'message', 'gone', 'receipt', 'reset']);

/** What a frame tells; undefined for one that only says how far the stream is, or of a newer server. Pure. */
export function changeOf(event: string | undefined, data: string): Change | undefined {
  if (event === undefined || !EVENTS.has(event)) return undefined;
  return { event, data: JSON.parse(data) as unknown } as Change;
}
