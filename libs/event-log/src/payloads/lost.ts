import { AppError } from '@opensync/platform';

/**
 * What a reference stands for is not there any more, or not as it was stored, and asking again will not bring it back.
 * Not retryable: the reader goes on with the reference's preview.
 */
export class PayloadLostError extends AppError {
  override readonly name = 'PayloadLostError';

  constructor(sha256: string, what: 'missing' | 'damaged') {
    super('NOT_FOUND', `The payload ${sha256} is ${what}.`);
  }
}
