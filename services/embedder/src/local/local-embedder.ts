import { Worker } from 'node:worker_threads';
import type { EmbeddingModel, Logger } from '@opensync/platform';
import { workerEntry, workerFlags } from '@opensync/platform/node';
import { LanedEmbedder } from './laned-embedder.ts';
import { ThreadEngine } from './thread-engine.ts';

/** Computing this many characters together is up to four times as fast as one short text after the other. */
const CHARACTERS_PER_TURN = 500;

export interface LocalEmbedderOptions {
  readonly startThread?: () => Worker;
  /** How long the thread may take for a text before it is replaced; milliseconds. */
  readonly threadPatienceMs?: number;
}

/**
 * The model that ships with the product, in its own worker thread: computing takes 15 to 150 ms per text, which must
 * not block the event loop. The thread and the model (about 300 MB) are loaded with the first request.
 */
export class LocalEmbedder extends LanedEmbedder {
  constructor(
    model: EmbeddingModel,
    logger: Logger,
    { startThread = startModelThread, threadPatienceMs }: LocalEmbedderOptions = {},
  ) {
    const engine = new ThreadEngine({ startThread, logger, threadPatienceMs });
    super(model, engine, { charactersPerTurn: CHARACTERS_PER_TURN });
  }
}

function startModelThread(): Worker {
  const entry = workerEntry(import.meta.url, 'local-embedder.worker');
  return new Worker(entry, { execArgv: workerFlags(entry) });
}
