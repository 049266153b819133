import { markTold, ownersInLog, publishChanges, type ConsumerRef, type Topology } from '@opensync/event-log';
import type { Logger } from '@opensync/platform';
import type { DocumentStore } from '@opensync/stores';
import type { NatsConnection } from '@nats-io/transport-node';
import { sessionPages } from '../rebuild/walk.ts';
import { messageIds } from './message-pages.ts';

export interface MissedChangesContext {
  readonly nc: NatsConnection;
  readonly documents: DocumentStore;
  /** The consumers of CHANGES that run here. */
  readonly consumers: readonly ConsumerRef[];
  readonly logger: Logger;
}

/**
 * Announces every document again if the index of a consumer of CHANGES misses documents (it was gone for a while, or another
 * embedding model has an index of its own): the index writes what it misses and passes over the rest. Interrupted, it starts
 * over; two processes that do it at once only do it twice.
 */
export function fillGaps(topology: Topology, context: MissedChangesContext): void {
  const { nc, consumers, logger } = context;
  let filling = false;
  topology.onGaps((gaps) => {
    const mine = gaps.filter(({ durable }) => consumers.some((consumer) => consumer.durable === durable));
    if (mine.length === 0 || filling) return;
    filling = true;
    const names = mine.map(({ durable }) => durable);
    logger.warn({ consumers: names }, 'indexes are missing documents; announcing all documents again');
    tellOfAll(context)
      .then(async (sessions) => {
        for (const consumer of mine) await markTold(nc, consumer);
        logger.warn({ consumers: names, sessions }, 'all documents were announced again');
      })
      // The mark stays: the next look starts over.
      .catch((err: unknown) => logger.warn({ err, consumers: names }, 'not all documents could be announced again yet'))
      .finally(() => (filling = false));
  });
}

/** Messages announced at a time: a page of sessions may have millions. */
const MESSAGES_AT_ONCE = 5000;
const GONE_AT_ONCE = 1000;

/** Returns the number of sessions. */
async function tellOfAll({ nc, documents }: MissedChangesContext): Promise<number> {
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
