import { renderAsync } from '@resvg/resvg-js';
import type { WrappedSummary } from '../summary.ts';
import { contentOf } from './content.ts';
import { aurora } from './designs/aurora.ts';
import { poster } from './designs/poster.ts';
import { receipt } from './designs/receipt.ts';
import { rings } from './designs/rings.ts';
import { skyline } from './designs/skyline.ts';
import { terminal } from './designs/terminal.ts';
import { FONTS } from './fonts.ts';
import { SIZES, type Design, type PictureSize, type Theme } from './frame.ts';

const DRAWN = { poster, aurora, receipt, skyline, rings, terminal } satisfies Record<string, Design>;
export type DesignName = keyof typeof DRAWN;
export const DESIGNS = Object.keys(DRAWN) as [DesignName, ...DesignName[]];

/** Raise it if a design changes: pictures that are kept are then drawn again. */
export const PICTURES_VERSION = 2;

export interface PictureOptions {
  readonly design: DesignName;
  readonly size: PictureSize;
  readonly theme: Theme;
  /** Whose summary it is. */
  readonly who: string;
  /** Smaller than the size says, for comparisons. */
  readonly scale?: number;
}

/** The design of a period: another one each day. */
export function designOf(date: string): DesignName {
  const days = Math.floor(Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / 86_400_000);
  const number = Number.isNaN(days) ? [...date].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0) : days;
  return DESIGNS[number % DESIGNS.length]!;
}

/**
 * As PNG. It is drawn on a thread of Node's pool, in a tenth of a second. Only what the summary holds is in it, and no font of the
 * machine.
 */
export async function renderPicture(
  summary: WrappedSummary,
  { design, size, theme, who, scale = 1 }: PictureOptions,
): Promise<Buffer> {
  const { width, height } = SIZES[size];
  const frame = { width, height, isTall: height > width, isDark: theme === 'dark' };
  const body = DRAWN[design](contentOf(summary, who), frame);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg>`;
  const fitTo = { mode: 'width', value: Math.round(width * scale) } as const;
  return (await renderAsync(svg, { ...FONTS, fitTo })).asPng();
}
