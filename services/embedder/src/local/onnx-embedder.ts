import { Worker } from 'node:worker_threads';
import { formOf, type EmbeddingModel, type Logger } from '@opensync/platform';
import { workerEntry, workerFlags } from '@opensync/platform/node';
import { LanedEmbedder } from './laned-embedder.ts';
import { ThreadEngine } from './thread-engine.ts';

/** Some 100 ms on two cores. */
const CHARACTERS_PER_TURN = 1_000;

/**
 * A retrieval model in ONNX, in a worker thread of its own: the runtime and the tokenizer are those of
 * `@huggingface/transformers`. The thread and the model are loaded with the first request.
 */
export class OnnxEmbedder extends LanedEmbedder {
  /** @param folder with the files of the model, in the layout of the hub */
  constructor(model: EmbeddingModel, folder: string, logger: Logger) {
    const engine = new ThreadEngine({
      startThread: () => startModelThread(folder),
      prefixOf: (role) => formOf(model, role).prefix ?? '',
      logger,
    });
    super(model, engine, { charactersPerTurn: CHARACTERS_PER_TURN });
  }
}

function startModelThread(folder: string): Worker {
  const entry = workerEntry(import.meta.url, 'onnx-embedder.worker');
  return new Worker(entry, { workerData: { folder }, execArgv: workerFlags(entry) });
}
