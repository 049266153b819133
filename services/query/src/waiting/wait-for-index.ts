import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { readerOf, type Reader } from '@opensync/contracts';
import { WaitForSequence } from '@opensync/platform/http';
import type { FastifyRequest } from 'fastify';
import { isIndexed, readWrite } from '../receipts/receipt.ts';
import { QueryResources } from '../resources.ts';

const POLL_MS = 20;

/**
 * For searches: the documents have a write before the indexes do, so it has to have come there too. Of a write of many
 * items it is the last one that is waited for; the indexers take them in order.
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

/** Where a hybrid search is answered from both sides, words alone find the write already. */
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
  // What the caller may not see, or what nobody can read, will never be found; there is nothing to wait for.
  if (!event) return true;
  while (!(await isIndexed(resources.documents, index, event))) {
    if (performance.now() + POLL_MS > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
