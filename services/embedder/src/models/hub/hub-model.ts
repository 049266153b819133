/** A file of a model, as it must be. */
export interface PinnedFile {
  /** Within the repository of the model; the same in the folder that it is installed into. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A model in the layout that `@huggingface/transformers` reads: ONNX, and a tokenizer beside it. */
export interface HubModel {
  readonly repository: string;
  /** A commit, because a branch can change. */
  readonly revision: string;
  readonly files: readonly PinnedFile[];
  /** What the model reads at once. */
  readonly maxTokens: number;
}

export const MODEL_FILE = 'onnx/model_quantized.onnx';
export const TOKENIZER_FILE = 'tokenizer.json';
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';

/** Weights in 8 bit, by the authors of transformers.js; MIT, as the original of intfloat. */
export const MULTILINGUAL_E5_SMALL: HubModel = {
  repository: 'Xenova/multilingual-e5-small',
  revision: '761b726dd34fb83930e26aab4e9ac3899aa1fa78',
  maxTokens: 512,
  files: [
    {
      path: TOKENIZER_CONFIG_FILE,
      bytes: 443,
      sha256: 'a1d6bc8734a6f635dc158508bef000f8e2e5a759c7d92f984b2c86e5ff53425b',
    },
    {
      path: TOKENIZER_FILE,
      bytes: 17_082_730,
      sha256: '0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39',
    },
    {
      path: MODEL_FILE,
      bytes: 118_308_185,
      sha256: 'f80102d3f2a1229f387d3c81909990d8945513e347b0eab049f7de3c6f98c193',
    },
  ],
};
