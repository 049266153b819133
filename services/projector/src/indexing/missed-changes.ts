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
 * Where the index of a consumer of CHANGES lacks documents (it was gone for a while, or another embedding model has an index
 * of its own), tells of every document again: the index brings what it lacks up to date and passes over the rest. Interrupted, it begins anew; two processes that do it at once only do it twice.
 */
export function fillGaps(topology: Topology, context: MissedChangesContext): void {
  const { nc, consumers, logger } = context;
  let filling = false;
  topology.onGaps((gaps) => {
    const mine = gaps.filter(({ durable }) => consumers.some((consumer) => consumer.durable === durable));
    if (mine.length === 0 || filling) return;
    filling = true;
    const names = mine.map(({ durable }) => durable);
    logger.warn({ consumers: names }, 'indexes lack documents; all documents are told of again');
    tellOfAll(context)
      .then(async (sessions) => {
        for (const consumer of mine) await markTold(nc, consumer);
        logger.warn({ consumers: names, sessions }, 'all documents were told of again');
      })
      // The mark is there still: the next look begins anew.
      .catch((err: unknown) => logger.warn({ err, consumers: names }, 'not all documents could be told of again yet'))
      .finally(() => (filling = false));
  });
}

/** Messages told of at a time: a page of sessions may have millions. */
const MESSAGES_AT_ONCE = 5000;
const GONE_AT_ONCE = 1000;

/** Returns the number of sessions. */
async function tellOfAll({ nc, documents }: MissedChangesContext): Promise<number> {
  let count = 0;
  for (const owner of await ownersInLog(nc)) {
    for await (const sessions of sessionPages(documents, owner)) {
      count += sessions.length;
      let messages: string[] = [];
      for (const { id } of sessions) {
        for await (const ids of messageIds(documents, owner, id)) {
          messages.push(...ids);
          if (messages.length < MESSAGES_AT_ONCE) continue;
          await publishChanges(nc, owner, { sessions: [], messages });
          messages = [];
        }
      }
      const removed = sessions.filter(({ deletion }) => deletion).map(({ id }) => id);
      await publishChanges(nc, owner, { sessions: sessions.map(({ id }) => id), messages, removed });
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
