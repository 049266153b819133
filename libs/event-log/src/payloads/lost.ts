import { AppError } from '@opensync/platform';

/**
 * The content of a reference is missing or damaged, and asking again will not restore it. Not retryable: the reader
 * shows the reference's preview.
 */
export class PayloadLostError extends AppError {
  override readonly name = 'PayloadLostError';

  constructor(sha256: string, what: 'missing' | 'damaged') {
    super('NOT_FOUND', `The payload ${sha256} is ${what}.`);
  }
}
