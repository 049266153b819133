import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResvgRenderOptions } from '@resvg/resvg-js';

const FOLDER = fileURLToPath(new URL('../../fonts/', import.meta.url));
const FILES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.ttf'))
  .sort();

export const MONO = 'JetBrains Mono SemiBold';

/** The fonts of pictures, and none of the machine's: a picture looks the same everywhere. */
export const FONTS: ResvgRenderOptions = optionsOf(FILES);
export const LATIN_FONTS: ResvgRenderOptions = optionsOf(FILES.filter((name) => /-latin(-ext)?-\d+\.ttf$/.test(name)));

function optionsOf(names: readonly string[]): ResvgRenderOptions {
  const fontFiles = names.map((name) => join(FOLDER, name));
  return { font: { fontFiles, loadSystemFonts: false, defaultFontFamily: 'Space Grotesk' } };
}
