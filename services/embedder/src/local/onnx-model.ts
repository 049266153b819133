import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { meanVector, splitToFit, toUnitLength } from '../long-text.ts';
import { MODEL_FILE, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE } from '../models/hub/hub-model.ts';
import type { LocalResult } from './protocol.ts';

/** The model reads this many tokens; longer texts are read in pieces. */
const MODEL_TOKENS = 512;
/** A longer piece is halved without asking the tokenizer, whose time and memory grow with the text. */
const TOKENIZER_CHARACTERS = 4_000;
/** Read together; more at once is no faster, and needs more memory. */
const TOKENS_AT_ONCE = 1_024;

interface Piece {
  /** Position of the text that it is of. */
  readonly of: number;
  readonly ids: readonly number[];
}

/** A retrieval model with mean pooling, such as those of E5. */
export class OnnxModel {
  readonly #tokenizer: Tokenizer;
  readonly #session: InferenceSession;

  private constructor(tokenizer: Tokenizer, session: InferenceSession) {
    this.#tokenizer = tokenizer;
    this.#session = session;
  }

  static async load(folder: string): Promise<OnnxModel> {
    const json = async (path: string) => JSON.parse(await readFile(join(folder, path), 'utf8')) as object;
    const tokenizer = new Tokenizer(await json(TOKENIZER_FILE), await json(TOKENIZER_CONFIG_FILE).catch(() => ({})));
    const session = await InferenceSession.create(join(folder, MODEL_FILE), {
      // Never those that serve requests.
      intraOpNumThreads: Math.max(1, availableParallelism() - 1),
      interOpNumThreads: 1,
    });
    return new OnnxModel(tokenizer, session);
  }

  /** One vector of unit length for each text; each piece of a long one gets the prefix. */
  async embed(texts: readonly string[], prefix: string): Promise<LocalResult[]> {
    const pieces = texts.flatMap((text, of) =>
      splitToFit(text, (piece) => {
        return piece.length <= TOKENIZER_CHARACTERS && this.#idsOf(prefix + piece).length <= MODEL_TOKENS;
      }).map((piece): Piece => ({ of, ids: this.#idsOf(prefix + piece).slice(0, MODEL_TOKENS) })),
    );
    const read: { vector: Float32Array; weight: number }[][] = texts.map(() => []);
    for (const group of inGroups(pieces)) {
      const vectors = await this.#run(group.map(({ ids }) => ids));
      for (const [at, { of, ids }] of group.entries()) read[of]!.push({ vector: vectors[at]!, weight: ids.length });
    }
    return read.map((of) => ({ vector: meanVector(of), tokens: of.reduce((sum, { weight }) => sum + weight, 0) }));
  }

  #idsOf(text: string): readonly number[] {
    return this.#tokenizer.encode(text.toWellFormed()).ids;
  }

  async #run(rows: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const longest = Math.max(...rows.map(({ length }) => length));
    const ids = new BigInt64Array(rows.length * longest);
    const mask = new BigInt64Array(rows.length * longest);
    for (const [row, of] of rows.entries()) {
      for (const [at, id] of of.entries()) {
        ids[row * longest + at] = BigInt(id);
        mask[row * longest + at] = 1n;
      }
    }
    const shape = [rows.length, longest];
    const inputs: Record<string, Tensor> = {
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: new Tensor('int64', mask, shape),
      token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
    };
    const wanted = Object.fromEntries(this.#session.inputNames.map((name) => [name, inputs[name]!]));
    const outputs = await this.#session.run(wanted);
    const states = outputs.last_hidden_state ?? outputs[this.#session.outputNames[0]!]!;
    return meansOf(states.data as Float32Array, rows, { longest, width: states.dims.at(-1)! });
  }
}

/** The mean over the tokens of each row, without those that fill it up. */
function meansOf(
  states: Float32Array,
  rows: readonly (readonly number[])[],
  { longest, width }: { readonly longest: number; readonly width: number },
): Float32Array[] {
  return rows.map(({ length }, row) => {
    const sum = new Float64Array(width);
    for (let at = 0; at < length; at++) {
      const from = (row * longest + at) * width;
      for (let dimension = 0; dimension < width; dimension++) sum[dimension]! += states[from + dimension]!;
    }
    return toUnitLength(sum);
  });
}

function* inGroups(pieces: readonly Piece[]): Generator<readonly Piece[]> {
  let group: Piece[] = [];
  let longest = 0;
  for (const piece of pieces) {
    longest = Math.max(longest, piece.ids.length);
    if (group.length > 0 && (group.length + 1) * longest > TOKENS_AT_ONCE) {
      yield group;
      group = [];
      longest = piece.ids.length;
    }
    group.push(piece);
  }
  if (group.length > 0) yield group;
}
