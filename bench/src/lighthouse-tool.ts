import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** Outside of the checkout, and installed only when it is asked for: 150 packages that nothing else needs. */
const VERSION = '13.5.0';
const INSTALL_MS = 10 * 60_000;

interface Audit {
  readonly id: string;
  readonly title: string;
  readonly score: number | null;
  readonly displayValue?: string;
}
export interface LighthouseResult {
  readonly categories: Readonly<
    Record<
      string,
      {
        readonly title: string;
        readonly score: number | null;
        readonly auditRefs: readonly { readonly id: string; readonly weight: number }[];
      }
    >
  >;
  readonly audits: Readonly<Record<string, Audit>>;
  readonly runtimeError?: { readonly message: string };
}
export type Lighthouse = (
  url: string,
  flags: object,
  config?: object,
) => Promise<{ readonly lhr: LighthouseResult } | undefined>;

/** Lighthouse, installed once into the cache of the user, without scripts. @throws Error if that fails */
export async function openLighthouse(): Promise<Lighthouse> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'opensync', 'lighthouse', VERSION);
  const entry = join(folder, 'node_modules', 'lighthouse', 'core', 'index.js');
  if (!existsSync(entry)) {
    console.error(`installing lighthouse ${VERSION} into ${folder} …`);
    await mkdir(folder, { recursive: true });
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
    await promisify(execFile)('npm', ['install', '--prefix', folder, ...options, `lighthouse@${VERSION}`], {
      timeout: INSTALL_MS,
    });
  }
  return ((await import(pathToFileURL(entry).href)) as { default: Lighthouse }).default;
}
