import { Inject, Injectable } from '@nestjs/common';
import { WaitForSequence } from './wait-for-sequence.ts';

/** How far the documents are; provided by a module whose routes wait for them. */
export const DOCUMENTS_PROGRESS = Symbol('DocumentsProgress');

export interface DocumentsProgress {
  /** Resolves with true once the documents have the write with this sequence, with false if they do not in time. */
  waitFor(sequence: number, timeoutMs: number): Promise<boolean>;
}

/** For routes that read only the documents. */
@Injectable()
export class WaitForDocuments extends WaitForSequence {
  constructor(@Inject(DOCUMENTS_PROGRESS) progress: DocumentsProgress) {
    super((sequence, timeoutMs) => progress.waitFor(sequence, timeoutMs));
  }
}
