import { extname } from 'node:path';

/**
 * The worker module `name` next to the module at `base`: its source if `base` is a source, otherwise its build.
 * @param base `import.meta.url`, in a call that scripts/bundle.mjs recognizes: `workerEntry(import.meta.url, …)`
 */
export function workerEntry(base: string, name: string): URL {
  return new URL(`./${name}${extname(base)}`, base);
}

/** The flags of Node for a thread of that module. */
export function workerFlags(entry: URL): string[] {
  // Node strips the types of sources itself; node:sqlite still calls itself experimental.
  const source = entry.pathname.endsWith('.ts') ? ['--conditions=opensync-source'] : [];
  return [...source, '--disable-warning=ExperimentalWarning'];
}
