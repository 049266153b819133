import { AppError } from '@opensync/platform';

/** Embedded whenever a request fails: an answer means that the model works and the texts of the request do not. */
export const PROBE = 'Does the embedding model answer?';
/** Probes that must succeed in a row, so that an API with occasional failures is not mistaken for a working one. */
const PROBES = 2;
/** A text is rejected after this many failures alone, each next to a successful probe. */
const FAILURES_ALONE = 3;
/** Maximum number of texts in one request; see `embed` of VectorIndexResources. */
const MOST_TEXTS = 64;
/** Suspicion at which a text is requested alone. */
const ALONE_FROM = Math.log2(MOST_TEXTS);
/** For a text alone, a failure is certain enough without the embedder's own retries. */
const QUICKLY = { attempts: 1 } as const;
/** How long a rejection is remembered, ms: retries within it cost the model nothing. */
const REMEMBERED_MS = 10 * 60_000;
const MOST_REMEMBERED = 10_000;

/**
 * One vector of unit length for each text; at most 64 texts. `attempts` limits how often the embedder tries if it
 * fails.
 */
export type Embed = (texts: readonly string[], options?: { readonly attempts?: number }) => Promise<Float32Array[]>;

export interface EmbeddedTexts {
  readonly vectorOf: ReadonlyMap<string, Float32Array>;
  /** Texts that the model fails on while it works for others, with the reason, by hash. */
  readonly refused: ReadonlyMap<string, string>;
  /** Whether the model was asked; false if all texts are known to be rejected. */
  readonly asked: boolean;
  /** Why the remaining texts have no vector: the model is unavailable. */
  readonly failure?: { readonly error: unknown };
}

/**
 * Embeds texts so that one which the model fails on affects only itself. A text can fail in many ways: a 400, a 500
 * every time, a broken connection, a zero vector, a crash of the model process. An outage looks the same, so each
 * failure is followed by a probe with a known good text. If the probe succeeds, the request is split in halves until
 * the text is alone. If it fails, the model is unavailable, or one of the texts crashed it: these texts are requested
 * in ever smaller groups when the model is back.
 */
export class TextEmbedding {
  readonly #embed: Embed;
  readonly #onRefused: ((error: unknown) => void) | undefined;
  /** How often a text, by hash, was part of a request after which the model did not answer. */
  readonly #suspicion = new Map<string, number>();
  readonly #refusals = new Map<string, { readonly reason: string; readonly at: number }>();

  constructor({
    embed,
    onRefused,
  }: {
    embed: Embed;
    /** Called once for each rejected text with the error, which does not contain the text. */
    onRefused?: ((error: unknown) => void) | undefined;
  }) {
    this.#embed = embed;
    this.#onRefused = onRefused;
  }

  /** Embeds at most 64 texts, by hash. Never rejects because of a text or an outage. @throws errors that are bugs */
  async embed(texts: ReadonlyMap<string, string>): Promise<EmbeddedTexts> {
    const vectorOf = new Map<string, Float32Array>();
    const refused = new Map<string, string>();
    const open = new Map<string, string>();
    for (const [hash, text] of texts) {
      const known = this.#knownRefusal(hash);
      if (known === undefined) open.set(hash, text);
      else refused.set(hash, known);
    }
    try {
      for (const group of this.#groups(open)) {
        const suspicion = this.#suspicionOf(group);
        // A text alone may be rejected for what happens next, so the model must be healthy.
        if (suspicion > 0) await this.#probe(suspicion < ALONE_FROM ? 1 : PROBES);
        await this.#ask(group, { vectorOf, refused });
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { vectorOf, refused, asked: true, failure: { error } };
    }
    return { vectorOf, refused, asked: open.size > 0 };
  }

  /** The texts without suspicion together, the others in groups that shrink with their suspicion. */
  #groups(texts: ReadonlyMap<string, string>): ReadonlyMap<string, string>[] {
    const bySuspicion = Map.groupBy(texts, ([hash]) => this.#suspicion.get(hash) ?? 0);
    return [...bySuspicion]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([suspicion, entries]) => {
        const size = Math.max(1, Math.floor(MOST_TEXTS / 2 ** suspicion));
        const groups: ReadonlyMap<string, string>[] = [];
        for (let at = 0; at < entries.length; at += size) groups.push(new Map(entries.slice(at, at + size)));
        return groups;
      });
  }

  async #ask(
    texts: ReadonlyMap<string, string>,
    into: { vectorOf: Map<string, Float32Array>; refused: Map<string, string> },
    options?: { readonly attempts: number },
  ): Promise<void> {
    if (texts.size === 0) return;
    const [[hash]] = [...texts] as [[string, string]];
    for (let failuresAlone = 0; ;) {
      try {
        const vectors = await this.#embed([...texts.values()], options ?? (failuresAlone > 0 ? QUICKLY : {}));
        [...texts.keys()].forEach((each, at) => {
          into.vectorOf.set(each, vectors[at]!);
          this.#suspicion.delete(each);
        });
        return;
      } catch (error) {
        // A bug, or an API that asks for time: neither says anything about the texts.
        if (!(error instanceof AppError) || error.code === 'RATE_LIMITED') throw error;
        if (error.code !== 'INVALID_REQUEST') await this.#probeAfter(texts, error);
        if (texts.size > 1) break;
        if (error.code === 'INVALID_REQUEST' || ++failuresAlone >= FAILURES_ALONE || this.#isLethal(hash)) {
          into.refused.set(hash, this.#refuse(hash, error));
          return;
        }
      }
    }
    const entries = [...texts];
    const half = Math.ceil(entries.length / 2);
    await this.#ask(new Map(entries.slice(0, half)), into, QUICKLY);
    await this.#ask(new Map(entries.slice(half)), into, QUICKLY);
  }

  /** @throws AppError the failure itself, if the model does not answer the probe either */
  async #probeAfter(texts: ReadonlyMap<string, string>, failure: AppError): Promise<void> {
    try {
      await this.#probe(PROBES);
    } catch {
      for (const hash of texts.keys()) this.#suspicion.set(hash, (this.#suspicion.get(hash) ?? 0) + 1);
      const [[hash] = []] = texts.size === 1 ? texts : [];
      // Requested alone just after a successful probe, and the model was gone each time.
      if (hash !== undefined && this.#isLethal(hash)) return;
      throw failure;
    }
  }

  async #probe(times: number): Promise<void> {
    for (let probe = 0; probe < times; probe++) await this.#embed([PROBE], QUICKLY);
  }

  #isLethal(hash: string): boolean {
    return (this.#suspicion.get(hash) ?? 0) >= ALONE_FROM + FAILURES_ALONE;
  }

  #suspicionOf(texts: ReadonlyMap<string, string>): number {
    return Math.max(0, ...[...texts.keys()].map((hash) => this.#suspicion.get(hash) ?? 0));
  }

  #refuse(hash: string, error: AppError): string {
    this.#suspicion.delete(hash);
    if (this.#refusals.size >= MOST_REMEMBERED) this.#refusals.delete(this.#refusals.keys().next().value!);
    this.#refusals.set(hash, { reason: error.message, at: performance.now() });
    this.#onRefused?.(error);
    return error.message;
  }

  #knownRefusal(hash: string): string | undefined {
    const known = this.#refusals.get(hash);
    if (!known) return undefined;
    if (performance.now() - known.at < REMEMBERED_MS) return known.reason;
    this.#refusals.delete(hash);
    return undefined;
  }
}
