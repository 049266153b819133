import type { Resource } from './resource.svelte.ts';

/** Reads again every so often, while the person looks at the page and the last read has ended. For a component's beginning. */
export function repeat(
  everyMs: number,
  ...resources: readonly Pick<Resource<unknown>, 'reload' | 'isLoading'>[]
): void {
  $effect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      for (const one of resources) if (!one.isLoading) one.reload();
    }, everyMs);
    return () => clearInterval(timer);
  });
}
