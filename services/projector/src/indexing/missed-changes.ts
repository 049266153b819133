import { setTimeout as delay } from 'node:timers/promises';
import { ownersInLog, publishChanges } from '@opensync/event-log';
import type { DocumentStore } from '@opensync/stores';
import type { NatsConnection } from '@nats-io/transport-node';
import { sessionPages } from '../rebuild/walk.ts';
import { messageIds } from './message-pages.ts';

export interface MissedChangesContext {
  readonly nc: NatsConnection;
  readonly documents: DocumentStore;
}

/** Two indexes that lack documents at the same time have them announced once: they are looked at one after the other. */
const JOIN_MS = 250;

/** Announces all documents; what is asked for before that begins, is one. Resolves with the number of sessions. */
export function announcements(context: MissedChangesContext): () => Promise<number> {
  let next: Promise<number> | undefined;
  return () =>
    (next ??= delay(JOIN_MS).then(() => {
      next = undefined;
      return announceAll(context);
    }));
}

/** Messages announced at a time: a page of sessions may have millions. */
const MESSAGES_AT_ONCE = 5000;
const GONE_AT_ONCE = 1000;

/** Returns the number of sessions. */
async function announceAll({ nc, documents }: MissedChangesContext): Promise<number> {
  let count = 0;
  for (const owner of await ownersInLog(nc)) {
    for await (const sessions of sessionPages(documents, owner)) {
      count += sessions.length;
      // The index removes their rows, then writes them whole: their messages need no announcement.
      const removed = sessions.filter(({ deletion }) => deletion).map(({ id }) => id);
      await publishChanges(nc, owner, { sessions: [], messages: [], removed });
      let messages: string[] = [];
      for (const { id, deletion } of sessions) {
        if (deletion) continue;
        for await (const ids of messageIds(documents, owner, id)) {
          messages.push(...ids);
          if (messages.length < MESSAGES_AT_ONCE) continue;
          await publishChanges(nc, owner, { sessions: [], messages });
          messages = [];
        }
      }
      await publishChanges(nc, owner, { sessions: sessions.map(({ id }) => id), messages });
    }
    // The index may have rows of sessions that were deleted since it was last brought up to date.
    for (let after: string | undefined; ;) {
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
