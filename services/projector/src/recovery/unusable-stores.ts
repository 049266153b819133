import type { StoreName } from '@opensync/stores';

/** Generations of stores whose contents are unusable, as reported by failed operations. */
export class UnusableStores {
  readonly #problems = new Map<StoreName, { readonly generation: number; readonly problem: string }>();
  readonly #listeners = new Set<() => void>();

  /** For `onUnusable` of the stores. */
  readonly report = (name: StoreName, generation: number, { message }: Error): void => {
    if (this.problemOf(name, generation) !== undefined) return;
    this.#problems.set(name, { generation, problem: message });
    for (const listener of [...this.#listeners]) listener();
  };

  problemOf(name: StoreName, generation: number): string | undefined {
    const found = this.#problems.get(name);
    return found?.generation === generation ? found.problem : undefined;
  }

  /** Called with each new one. Returns a function that unsubscribes. */
  onReport(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
