import { Inject, Injectable } from '@nestjs/common';
import type { ProjectionProgress } from '@opensync/event-log';
import { WaitForSequence } from '@opensync/platform/http';

export const PROJECTION_PROGRESS = Symbol('ProjectionProgress');

/** For the list of synced sessions, which is read from the documents. */
@Injectable()
export class WaitForDocuments extends WaitForSequence {
  constructor(@Inject(PROJECTION_PROGRESS) progress: Pick<ProjectionProgress, 'waitFor'>) {
    super((sequence, timeoutMs) => progress.waitFor(sequence, timeoutMs));
  }
}
