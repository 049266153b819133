import type { PictureContent } from './content.ts';

export const THEMES = ['light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
export const SIZES = { '1080x1920': { width: 1080, height: 1920 }, '1200x630': { width: 1200, height: 630 } } as const;
export type PictureSize = keyof typeof SIZES;

/** Where a design is drawn. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly isTall: boolean;
  readonly isDark: boolean;
}

/** Draws the elements of a picture, without the outer one. Pure. */
export type Design = (content: PictureContent, frame: Frame) => string;

export const MARK = 'opensync wrapped';

export function rect(x: number, y: number, width: number, height: number, attributes: string): string {
  return `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(Math.max(0, width))}" height="${fixed(Math.max(0, height))}" ${attributes}/>`;
}

export function circle(x: number, y: number, radius: number, attributes: string): string {
  return `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="${fixed(radius)}" ${attributes}/>`;
}

/** A part of a ring, from and to as shares of a turn that begins at the top. */
export function arc(x: number, y: number, radius: number, from: number, to: number, attributes: string): string {
  const end = Math.min(to, from + 0.9999);
  const at = (turn: number) => {
    const angle = 2 * Math.PI * turn - Math.PI / 2;
    return `${fixed(x + radius * Math.cos(angle))} ${fixed(y + radius * Math.sin(angle))}`;
  };
  return `<path d="M ${at(from)} A ${fixed(radius)} ${fixed(radius)} 0 ${end - from > 0.5 ? 1 : 0} 1 ${at(end)}" fill="none" ${attributes}/>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
