import { Inject, Injectable } from '@nestjs/common';
import { WaitForSequence } from './wait-for-sequence.ts';

/** How far the documents are; also the token under which a module provides it whose routes wait for them. */
export abstract class DocumentsProgress {
  /** Resolves with true once the documents have the write with this sequence, with false if they do not in time. */
  abstract waitFor(sequence: number, timeoutMs: number): Promise<boolean>;
}

/** For routes that read only the documents. */
@Injectable()
export class WaitForDocuments extends WaitForSequence {
  constructor(@Inject(DocumentsProgress) progress: DocumentsProgress) {
    super((sequence, timeoutMs) => progress.waitFor(sequence, timeoutMs));
  }
}
