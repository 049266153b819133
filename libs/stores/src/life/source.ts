import type { StoreName } from '../description.ts';

/** Who knows which generation of each store is live. */
export interface GenerationSource {
  live(store: StoreName): number;
  /** False while that may be outdated: what is written then might be written to a generation that nobody reads. */
  readonly current: boolean;
  /** Called with each switch. Returns what ends that. */
  onSwitch(listener: (store: StoreName, generation: number) => void): () => void;
  /** Told which generation is read and written here. */
  uses(store: StoreName, generation: number): void;
}
