import { readFileSync } from 'node:fs';

/** The version of this OpenSync: all packages have the same one, and so does the image. */
export const { version: VERSION } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};
