import { createHash } from 'node:crypto';
import { ownerKey, type Owner } from '@opensync/contracts';
import { ByteBudget } from '@opensync/platform';
import {
  designOf,
  DESIGNS,
  PICTURES_VERSION,
  renderPicture,
  SIZES,
  THEMES,
  type PictureSize,
  type WrappedSummary,
} from '@opensync/wrapped-summary';
import type { QueryResources } from '../resources.ts';
import { choiceOf, optionalChoiceOf } from '../parameters.ts';

const SIZE_NAMES = Object.keys(SIZES) as [PictureSize, ...PictureSize[]];

export const pictureFields = {
  design: optionalChoiceOf(DESIGNS, 'Of a picture; another one each day by default'),
  size: choiceOf(SIZE_NAMES, '1080x1920', 'Of a picture, in pixels'),
  theme: choiceOf(THEMES, 'dark', 'Of a picture'),
};

export interface PictureAsked {
  readonly design?: (typeof DESIGNS)[number] | undefined;
  readonly size: PictureSize;
  readonly theme: (typeof THEMES)[number];
  readonly who: string;
}

export interface WrappedPicture {
  /** Of what is drawn: equal ones are equal pictures. */
  readonly etag: string;
  png(): Promise<Buffer>;
}

/** All that are kept together; a picture has 0.1 to 1 MB. */
const KEPT_BYTES = 16 * 1024 * 1024;
const DRAWN_AT_ONCE = 2;
const WAIT_MS = 5000;
/** After a failure nothing is read for so long: a log that does not answer would make each picture wait. */
const REST_MS = 60_000;

/**
 * Pictures of summaries. The last ones are kept in memory, and those of the last days in the log: a chat that loads one several times, from
 * any process, draws it once.
 */
export class WrappedPictures {
  readonly #resources: Pick<QueryResources, 'pictures' | 'logger'>;
  readonly #kept = new Map<string, Buffer>();
  #bytes = 0;
  /** When stored pictures may be read again, by `performance.now()`. */
  #readAgainAt = 0;
  readonly #turns = new ByteBudget({
    ...{ limit: DRAWN_AT_ONCE, perHolder: 1, waitMs: WAIT_MS, retryAfter: 3, mostWaiting: 64, mostWaitingOfHolder: 8 },
    refusal: 'Too many pictures are being drawn at the moment; try again',
  });

  constructor(resources: Pick<QueryResources, 'pictures' | 'logger'>) {
    this.#resources = resources;
  }

  of(owner: Owner, summary: WrappedSummary, asked: PictureAsked): WrappedPicture {
    const options = { ...asked, design: asked.design ?? designOf(summary.date) };
    const drawn = JSON.stringify([PICTURES_VERSION, options, summary]);
    const hash = createHash('sha256').update(drawn).digest('hex').slice(0, 32);
    return { etag: `"${hash}"`, png: () => this.#draw(owner, hash, () => renderPicture(summary, options)) };
  }

  async #draw(owner: Owner, hash: string, draw: () => Promise<Buffer>): Promise<Buffer> {
    const kept = this.#kept.get(hash);
    if (kept) return kept;
    const release = await this.#turns.acquire(ownerKey(owner), 1);
    try {
      const png = this.#kept.get(hash) ?? (await this.#stored(owner, hash)) ?? (await this.#drawn(owner, hash, draw));
      this.#keep(hash, png);
      return png;
    } finally {
      release();
    }
  }

  /** A log that does not answer is no reason to show no picture. */
  async #stored(owner: Owner, hash: string): Promise<Buffer | undefined> {
    const { pictures, logger } = this.#resources;
    if (performance.now() < this.#readAgainAt) return undefined;
    try {
      return await pictures.get(owner, hash);
    } catch (err) {
      this.#readAgainAt = performance.now() + REST_MS;
      logger.debug({ err }, 'a stored picture could not be read');
      return undefined;
    }
  }

  async #drawn(owner: Owner, hash: string, draw: () => Promise<Buffer>): Promise<Buffer> {
    const { pictures, logger } = this.#resources;
    const png = await draw();
    // Nobody waits for it.
    pictures.put(owner, hash, png).catch((err: unknown) => logger.debug({ err }, 'a picture could not be stored'));
    return png;
  }

  #keep(hash: string, png: Buffer): void {
    if (this.#kept.has(hash)) return;
    this.#kept.set(hash, png);
    this.#bytes += png.length;
    for (const [oldest, bytes] of this.#kept) {
      if (this.#bytes <= KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}
