import type { StoreName } from '../description.ts';

/** Knows which generation of each store is live. */
export interface GenerationSource {
  live(store: StoreName): number;
  /** False while that may be outdated: a write could then go to a generation that nobody reads. */
  readonly current: boolean;
  /** Called with each switch. Returns a function that unsubscribes. */
  onSwitch(listener: (store: StoreName, generation: number) => void): () => void;
  /** Records which generation is read and written here. */
  uses(store: StoreName, generation: number): void;
}
