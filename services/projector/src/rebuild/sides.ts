import type { Projection } from '@opensync/contracts';
import { CONSUMER } from '@opensync/event-log';
import { PayloadStore } from '@opensync/event-log/payloads';
import { isRetryable, reasonOf } from '@opensync/platform';
import {
  type Checkpoint,
  type Positioned,
  IndexLife,
  type StoreDescription,
  type Stores,
  UnusableStoreError,
} from '@opensync/stores';
import { FiguresProjection, NO_DIGEST } from '../figures/index.ts';
import type { DocumentIndex } from '../indexing/document-index.ts';
import { searchIndex } from '../indexing/search-index.ts';
import { vectorIndex } from '../indexing/vector-index.ts';
import type { Candidate, RebuildProgress } from './candidate.ts';
import { documentContents, indexContents, NO_CONTENTS, type Contents } from './contents.ts';
import { copyingVectors } from './copied-vectors.ts';
import { NextDocuments } from './next-documents.ts';
import { NextIndex } from './next-index.ts';
import type { RebuildResources } from './rebuild.ts';

/** One generation, to be looked at. */
interface Side {
  readonly contents: Contents;
  /** Exact for documents; possibly an estimate for an index. */
  counts(): Promise<StoreDescription['counts']>;
}

/** The live generation of a store and the next one, open. */
export interface Sides {
  readonly candidate: Candidate;
  readonly live: Side;
  readonly next: Side;
  /** Records the position of the next one in the log. */
  keepPosition(): Promise<void>;
  /** Why the live one cannot be read, and counts as empty. */
  readonly unreadable: string | undefined;
  /** @throws Error if the source of the next one is no longer live */
  assertUsable(): Promise<void>;
  close(end: 'interrupted' | 'done'): Promise<void>;
}

export interface SidesContext extends RebuildResources {
  readonly life: IndexLife;
  /** The generation that is live. */
  readonly live: number;
  readonly checkpoint: Checkpoint;
  readonly onProgress: ((progress: RebuildProgress) => void) | undefined;
}

export async function openSides(store: Projection, context: SidesContext): Promise<Sides> {
  await using opening = new AsyncDisposableStack();
  const open = async <Name extends Projection>(name: Name, generation: number): Promise<Stores[Name]> =>
    opening.adopt(await context.open(name, generation), (opened) => opened.close());
  const sides = await (store === 'documents' ? documentSides(context, open) : indexSides(store, context, open));
  const opened = opening.move();
  return {
    ...sides,
    close: async (end) => {
      try {
        await sides.candidate.stop(end);
      } finally {
        await opened.disposeAsync();
      }
    },
  };
}

type Open = RebuildResources['open'];

/**
 * The live generation, or why it cannot be read: another version wrote it, or it is damaged. That may be the reason
 * for the rebuild, so it then counts as empty.
 * @throws if its server is unavailable, which a rebuild cannot fix
 */
async function openLive<Name extends Projection>(
  open: Open,
  name: Name,
  generation: number,
): Promise<{ readonly live?: Stores[Name]; readonly unreadable?: string }> {
  try {
    const live = await open(name, generation);
    await live.describe();
    return { live };
  } catch (error) {
    if (isRetryable(error) && !(error instanceof UnusableStoreError)) throw error;
    return { unreadable: reasonOf(error) };
  }
}

const NOTHING: Side = { contents: NO_CONTENTS, counts: async () => ({}) };

async function documentSides(context: SidesContext, open: Open): Promise<Omit<Sides, 'close'>> {
  const { nc, life, checkpoint, onProgress = () => undefined } = context;
  const { live, unreadable } = await openLive(open, 'documents', context.live);
  const next = await open('documents', checkpoint.generation);
  const prices = await context.prices?.();
  const figures = prices && new FiguresProjection({ documents: next, prices });
  const candidate = new NextDocuments({
    ...{ nc, life, next, figures, onProgress, ...checkpoint },
    position: Number(checkpoint.position),
  });
  return {
    candidate,
    keepPosition: async () => {
      // The running projectors have other prices than this process, so they compute the costs again.
      const rating = await live?.figureRating();
      if (rating && prices && rating.digest !== prices.digest) await next.rateAgain(NO_DIGEST);
      await keepPosition(next, candidate);
    },
    live: live ? documentSide(live) : NOTHING,
    next: documentSide(next),
    unreadable,
    assertUsable: async () => undefined,
  };
}

function documentSide(documents: Stores['documents']): Side {
  return {
    contents: documentContents(documents),
    counts: async () => (await documents.describe({ exact: true })).counts,
  };
}

async function indexSides(
  store: 'search' | 'vectors',
  context: SidesContext,
  open: Open,
): Promise<Omit<Sides, 'close'>> {
  const { nc, life, checkpoint, onProgress = () => undefined } = context;
  const documentsLife = await IndexLife.open(nc, 'documents');
  const source = (await documentsLife.read()).live;
  const documents = await open('documents', source);
  const payloads = new PayloadStore(nc);
  const generations = [context.live, checkpoint.generation] as const;
  const { live, unreadable, next, index } =
    store === 'search'
      ? await searchSides(open, generations, payloads)
      : await vectorSides(open, generations, payloads, context);
  const side = (opened: Stores['search' | 'vectors']): Side => ({
    contents: indexContents(opened, documents),
    counts: async () => (await opened.describe()).counts,
  });
  const candidate = new NextIndex({
    ...{ nc, life, documents, source, index, onProgress },
    ...checkpoint,
    consumer: CONSUMER[store],
  });
  return {
    candidate,
    keepPosition: () => keepPosition(next, candidate),
    live: live ? side(live) : NOTHING,
    next: side(next),
    unreadable,
    assertUsable: async () => {
      if (store === 'vectors') await context.confirmModel();
      if ((await documentsLife.read()).live === source) return;
      throw new Error(`the documents were rebuilt meanwhile; run it again: opensync rebuild ${store} --restart`);
    },
  };
}

async function keepPosition(next: Positioned, candidate: Candidate): Promise<void> {
  const position = await candidate.position();
  if (!position) return;
  for (;;) {
    const before = await next.position();
    // Only ever raised: if another worker has taken over meanwhile, this may already be the live generation.
    if (before && before.sequence >= position.sequence) return;
    if (await next.setPosition(position, before)) return;
  }
}

type Generations = readonly [live: number, next: number];

interface IndexSides {
  readonly live?: Stores['search' | 'vectors'];
  readonly unreadable?: string;
  readonly next: Stores['search' | 'vectors'];
  /** Writes to the next one. */
  readonly index: DocumentIndex;
}

async function searchSides(open: Open, [before, after]: Generations, payloads: PayloadStore): Promise<IndexSides> {
  const live = await openLive(open, 'search', before);
  const next = await open('search', after);
  return { ...live, next, index: searchIndex(next, payloads) };
}

async function vectorSides(
  open: Open,
  [before, after]: Generations,
  payloads: PayloadStore,
  { embed, embedsAtOnce, headings }: Pick<RebuildResources, 'embed' | 'embedsAtOnce' | 'headings'>,
): Promise<IndexSides> {
  const { live, unreadable } = await openLive(open, 'vectors', before);
  const next = await open('vectors', after);
  const vectors = live ? copyingVectors(next, live) : next;
  return {
    ...(live && { live }),
    ...(unreadable !== undefined && { unreadable }),
    next,
    index: vectorIndex({ vectors, payloads, embed, embedsAtOnce, headings }),
  };
}
