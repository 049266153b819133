import { jetstream } from '@nats-io/jetstream';
import { pictureSubject, type Owner } from '@opensync/contracts';
import type { LogConnection } from '../connection.ts';
import { directGetLast } from '../read/direct-get.ts';
import { STREAM } from '../topology/names.ts';
import { LONGEST_PICTURE } from '../topology/specifications.ts';
import { orUnavailable } from '../unavailable.ts';

/**
 * Pictures of summaries that were drawn, by owner and by a hash of what is drawn. They are kept for a week, the last 500 of all owners:
 * a missing one is drawn again.
 */
export class StoredPictures {
  readonly #nc: LogConnection;

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /** Any replica answers, and may not have the latest ones. @throws AppError UNAVAILABLE */
  async get(owner: Owner, hash: string): Promise<Buffer | undefined> {
    const stored = await orUnavailable(this.#nc, () =>
      directGetLast(this.#nc, STREAM.pictures, pictureSubject(owner, hash)),
    );
    return stored && Buffer.from(stored.data);
  }

  /** A picture that is too large is not kept. @throws AppError UNAVAILABLE */
  async put(owner: Owner, hash: string, png: Uint8Array): Promise<void> {
    const subject = pictureSubject(owner, hash);
    // The limit of the stream counts the subject as well.
    if (png.length + subject.length > LONGEST_PICTURE) return;
    await orUnavailable(this.#nc, () => jetstream(this.#nc).publish(subject, png));
  }
}
