import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { ownerOf } from '@opensync/contracts';
import { WaitForSequence } from '@opensync/platform/http';
import { QueryResources } from '../resources.ts';

const POLL_MS = 20;

/** For statistics: figures follow the documents, so the wait ends when none of the caller's sessions are due. */
@Injectable()
export class WaitForFigures extends WaitForSequence {
  constructor(@Inject(QueryResources) resources: QueryResources) {
    super(async (sequence, timeoutMs, { principal }) => {
      const deadline = performance.now() + timeoutMs;
      if (!(await resources.progress.waitFor(sequence, timeoutMs))) return false;
      while (await resources.documents.hasDueFigures(ownerOf(principal!))) {
        if (performance.now() + POLL_MS > deadline) return false;
        await sleep(POLL_MS);
      }
      return true;
    });
  }
}
