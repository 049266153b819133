import { setTimeout as delay } from 'node:timers/promises';
import { ownersInLog, publishChanges, type LogConnection } from '@opensync/event-log';
import type { DocumentStore } from '@opensync/stores';
import { sessionPages } from '../rebuild/walk.ts';
import { messageIds } from './message-pages.ts';

export interface MissedChangesContext {
  readonly nc: LogConnection;
  readonly documents: DocumentStore;
}

/**
 * Two indexes that are missing documents at the same time share one announcement, because they are checked one after
 * the other.
 */
const JOIN_MS = 250;

/**
 * Announces all documents. Resolves with the number of sessions.
 * @throws the reason of the signal, between two pages after it was aborted
 */
export type AnnounceAll = (signal: AbortSignal) => Promise<number>;

/** All requests before an announcement begins share it; it ends early only if each of them was aborted. */
export function announcements(context: MissedChangesContext): AnnounceAll {
  let next: { readonly signals: AbortSignal[]; readonly done: Promise<number> } | undefined;
  const begin = () => {
    const signals: AbortSignal[] = [];
    const assertWanted = () => {
      if (signals.every(({ aborted }) => aborted)) signals[0]!.throwIfAborted();
    };
    const done = delay(JOIN_MS).then(() => {
      next = undefined;
      return announceAll(context, assertWanted);
    });
    return { signals, done };
  };
  return (signal) => {
    next ??= begin();
    next.signals.push(signal);
    return next.done;
  };
}

/** Messages announced at a time: a page of sessions may have millions. */
const MESSAGES_AT_ONCE = 5000;
const GONE_AT_ONCE = 1000;

/**
 * Returns the number of sessions.
 * @param assertWanted called before each page; throws to end it
 */
async function announceAll({ nc, documents }: MissedChangesContext, assertWanted: () => void): Promise<number> {
  let count = 0;
  for (const owner of await ownersInLog(nc)) {
    for await (const sessions of sessionPages(documents, owner)) {
      assertWanted();
      count += sessions.length;
      // The index removes their rows, then writes them completely: their messages need no announcement.
      const removed = sessions.filter(({ deletion }) => deletion).map(({ id }) => id);
      await publishChanges(nc, owner, { sessions: [], messages: [], removed });
      let messages: string[] = [];
      for (const { id, deletion } of sessions) {
        if (deletion) continue;
        for await (const ids of messageIds(documents, owner, id)) {
          messages.push(...ids);
          if (messages.length < MESSAGES_AT_ONCE) continue;
          assertWanted();
          await publishChanges(nc, owner, { sessions: [], messages });
          messages = [];
        }
      }
      await publishChanges(nc, owner, { sessions: sessions.map(({ id }) => id), messages });
    }
    // The index may have rows of sessions that were deleted since it was last up to date.
    for (let after: string | undefined; ;) {
      assertWanted();
      const removed = await documents.goneSessions(owner, {
        limit: GONE_AT_ONCE,
        ...(after !== undefined && { after }),
      });
      await publishChanges(nc, owner, { sessions: [], messages: [], removed });
      after = removed.at(-1);
      if (removed.length < GONE_AT_ONCE) break;
    }
  }
  return count;
}
