import type { Chunk } from './chunks.ts';

export interface ChunkCacheOptions {
  /** Bytes. */
  readonly limit: number;
  /**
   * How long a chunk is served from the cache, in milliseconds: when another process deletes a payload, it disappears
   * here after this time.
   */
  readonly maxAgeMs: number;
}

interface Entry {
  readonly name: string;
  readonly index: number;
  readonly chunk: Chunk;
  readonly storedAt: number;
}

/** The most recently read chunks, by the name of their payload, which contains the owner, within a byte budget. */
export class ChunkCache {
  readonly #options: ChunkCacheOptions;
  readonly #payloads = new Map<string, Map<number, Entry>>();
  /** The least recently used first. */
  readonly #entries = new Set<Entry>();
  #bytes = 0;

  constructor(options: ChunkCacheOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(name: string, index: number): Chunk | undefined {
    const entry = this.#payloads.get(name)?.get(index);
    if (!entry) return undefined;
    this.#entries.delete(entry);
    this.#entries.add(entry);
    if (performance.now() - entry.storedAt <= this.#options.maxAgeMs) return entry.chunk;
    this.#remove(entry);
    return undefined;
  }

  set(name: string, index: number, chunk: Chunk): void {
    let chunks = this.#payloads.get(name);
    if (!chunks) this.#payloads.set(name, (chunks = new Map()));
    const former = chunks.get(index);
    if (former) this.#remove(former);
    const entry = { name, index, chunk, storedAt: performance.now() };
    this.#payloads.set(name, chunks.set(index, entry));
    this.#entries.add(entry);
    this.#bytes += chunk.data.length;
    for (const oldest of this.#entries) {
      if (this.#bytes <= this.#options.limit) return;
      this.#remove(oldest);
    }
  }

  /** All chunks of a payload. */
  delete(name: string): void {
    for (const entry of this.#payloads.get(name)?.values() ?? []) this.#remove(entry);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry);
    this.#bytes -= entry.chunk.data.length;
    const chunks = this.#payloads.get(entry.name)!;
    chunks.delete(entry.index);
    if (chunks.size === 0) this.#payloads.delete(entry.name);
  }
}
