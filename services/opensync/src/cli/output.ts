import Table from 'cli-table3';

/** Where commands write; tests give their own. */
export interface Output {
  /** The requested output. */
  readonly print: (text: string) => void;
  /** Progress and problems. */
  readonly note: (text: string) => void;
}

export const terminal: Output = {
  print: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
};

const NO_BORDERS = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
};

/** Rows under headings, without borders: easy to read, and to cut with the usual tools. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const grid = new Table({ head: [...head], ...NO_BORDERS });
  grid.push(...rows.map((row) => [...row]));
  return trimLines(grid.toString());
}

/** Names and values, one pair a line. */
export function pairs(rows: readonly (readonly [string, string])[]): string {
  const grid = new Table(NO_BORDERS);
  grid.push(...rows.map((row) => [...row]));
  return trimLines(grid.toString());
}

/** `12,000`. */
export function number(value: number): string {
  return value.toLocaleString('en');
}

/** `1 session`, `12,000 sessions`. @param plural a noun that has an s in the plural alone */
export function quantity(count: number, plural: string): string {
  return `${number(count)} ${count === 1 ? plural.replace(/s$/, '') : plural}`;
}

/** `310 sessions, 1 message`, from a store's counts by kind. */
export function quantities(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([plural, count]) => quantity(count, plural))
    .join(', ');
}

/** `12 s`, `3 min`, `2.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** `1234567` as `1.2 MiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = count > 0 ? Math.min(Math.floor(Math.log2(count) / 10), units.length - 1) : 0;
  const value = count / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** `2026-01-15 12:00` in UTC, `–` if there is none. */
export function moment(time: number | undefined): string {
  return time === undefined ? '–' : new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

/** Other people's text in a displayable form: a terminal interprets some control characters. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
