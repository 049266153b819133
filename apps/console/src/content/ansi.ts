/** A run of terminal output with one look. */
export interface Run {
  readonly text: string;
  /** 0 to 15: a color of the theme; `#rrggbb`: that one. */
  readonly color?: number | string;
  readonly isBold?: boolean;
  readonly isDim?: boolean;
}

/** Color and weight: what a console shows. Everything else that a terminal obeys is left out of the text. */

const SEQUENCE =
  /\u001b\[([0-9;:]*)m|\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

export function hasCodes(text: string): boolean {
  return text.includes('\u001b[');
}

/** Terminal output as runs. A line that a carriage return overwrites keeps what was written last. */
export function parseAnsi(text: string): Run[] {
  const runs: Run[] = [];
  let look: Omit<Run, 'text'> = {};
  let from = 0;
  const clean = text.replace(/\r\n/g, '\n').replace(/^[^\n]*\r(?=[^\n])/gm, '');
  const add = (end: number) => {
    if (end > from) runs.push({ text: clean.slice(from, end), ...look });
  };
  for (const match of clean.matchAll(SEQUENCE)) {
    add(match.index);
    from = match.index + match[0].length;
    if (match[1] !== undefined) look = lookAfter(look, match[1].split(/[;:]/).map(Number));
  }
  add(clean.length);
  return runs;
}

function lookAfter(before: Omit<Run, 'text'>, codes: readonly number[]): Omit<Run, 'text'> {
  let look: { color?: number | string; isBold?: boolean; isDim?: boolean } = { ...before };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!;
    if (code === 0) look = {};
    else if (code === 1) look.isBold = true;
    else if (code === 2) look.isDim = true;
    else if (code === 22) look = { ...(look.color !== undefined && { color: look.color }) };
    else if (code >= 30 && code <= 37) look.color = code - 30;
    else if (code >= 90 && code <= 97) look.color = code - 82;
    else if (code === 39) delete look.color;
    else if (code === 38 || code === 48) {
      const [color, used] = extended(codes, at + 1);
      if (code === 38 && color !== undefined) look.color = color;
      at += used;
    }
  }
  return look;
}

/** A color of 256 or of 16 million, and how many codes it takes. */
function extended(codes: readonly number[], at: number): [color: number | string | undefined, used: number] {
  if (codes[at] === 5) {
    const index = codes[at + 1] ?? 0;
    if (index < 16) return [index, 2];
    if (index >= 232) return [hex([0, 0, 0].map(() => 8 + (index - 232) * 10)), 2];
    const cube = index - 16;
    return [
      hex([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => (part === 0 ? 0 : 55 + part * 40))),
      2,
    ];
  }
  if (codes[at] === 2) return [hex(codes.slice(at + 1, at + 4)), 4];
  return [undefined, 0];
}

function hex(parts: readonly number[]): string {
  return `#${parts
    .map((part) =>
      Math.max(0, Math.min(255, part || 0))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}
