import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { escapeHtml } from '../html.ts';

/** Where `npm run build` puts the console. */
const BUILT = fileURLToPath(new URL('../../../../apps/console/dist/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};
/** Suffixes of the files that the build has compressed, best first. */
const CODINGS = [
  { coding: 'br', suffix: '.br' },
  { coding: 'gzip', suffix: '.gz' },
] as const;

export interface Asset {
  readonly content: Buffer;
  readonly type: string;
  readonly coding: 'br' | 'gzip' | undefined;
}

/** The files of the console. Their names are known from the start, so that no request reaches another file. */
export class ConsoleFiles {
  readonly index: string;
  readonly #folder: string;
  readonly #names: ReadonlySet<string>;
  readonly #contents = new Map<string, Promise<Buffer>>();

  constructor(folder: string, basePath: string) {
    this.#folder = folder;
    this.#names = new Set(readdirSync(`${folder}/app/assets`));
    const index = readFileSync(`${folder}/index.html`, 'utf8');
    this.index = index.replace('<base href="/" />', `<base href="${escapeHtml(basePath)}" />`);
  }

  /** An asset in a coding that the client accepts; undefined if there is none of that name. */
  async asset(name: string, accepts: (coding: 'br' | 'gzip') => boolean): Promise<Asset | undefined> {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined || !this.#names.has(name)) return undefined;
    const compressed = CODINGS.find(({ coding, suffix }) => this.#names.has(name + suffix) && accepts(coding));
    // The console may have been built again since the names were read.
    const content = await this.#read(name + (compressed?.suffix ?? '')).catch(() => undefined);
    return content && { content, type, coding: compressed?.coding };
  }

  /** Whether compression makes an answer with this asset depend on what its client accepts. */
  varies(name: string): boolean {
    return CODINGS.some(({ suffix }) => this.#names.has(name + suffix));
  }

  #read(name: string): Promise<Buffer> {
    let content = this.#contents.get(name);
    if (!content) {
      content = readFile(`${this.#folder}/app/assets/${name}`);
      this.#contents.set(name, content);
      content.catch(() => this.#contents.delete(name));
    }
    return content;
  }
}

/** @param basePath where clients see this server, with a slash at its end. @returns undefined if the console is not built */
export function openConsole(basePath: string, folder = BUILT): ConsoleFiles | undefined {
  try {
    return new ConsoleFiles(folder, basePath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
