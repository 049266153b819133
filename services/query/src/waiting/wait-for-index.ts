import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { readerOf, type Reader } from '@opensync/contracts';
import { WaitForSequence } from '@opensync/platform/http';
import type { FastifyRequest } from 'fastify';
import { isIndexed, readWrite } from '../receipts/receipt.ts';
import { QueryResources } from '../resources.ts';

const POLL_MS = 20;

/**
 * For searches: the documents have a write before the indexes do, so the wait covers the indexes, too. For a write of
 * many items it waits for the last one, because the indexers process them in order.
 */
@Injectable()
export class WaitForIndex extends WaitForSequence {
  constructor(@Inject(QueryResources) resources: QueryResources) {
    super(async (sequence, timeoutMs, request) => {
      const deadline = performance.now() + timeoutMs;
      if (!(await resources.progress.waitFor(sequence, timeoutMs))) return false;
      return hasRow(resources, readerOf(request.principal!), {
        sequence,
        deadline,
        index: resources[indexOf(request)],
      });
    });
  }
}

/** If a hybrid search is answered from both sides, full text already finds the write. */
function indexOf({ body, query }: FastifyRequest): 'search' | 'vectors' {
  const { type } = (body ?? query ?? {}) as { readonly type?: unknown };
  return type === 'semantic' ? 'vectors' : 'search';
}

async function hasRow(
  resources: QueryResources,
  reader: Reader,
  { sequence, deadline, index }: { sequence: number; deadline: number; index: QueryResources['search' | 'vectors'] },
): Promise<boolean> {
  const event = (await readWrite(resources, reader, sequence))?.event;
  // An invisible or unreadable write will never be found, so there is nothing to wait for.
  if (!event) return true;
  while (!(await isIndexed(resources.documents, index, event))) {
    if (performance.now() + POLL_MS > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
