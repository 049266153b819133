/**
 * Times as clients send them. Pure: the time of arrival is passed in.
 */

const DAY_MS = 86_400_000;
/** No agent existed before that; an earlier time has another unit, or no meaning. */
const EARLIEST = Date.UTC(2000, 0, 1);
/** Conversion factors of the units to milliseconds: seconds, milliseconds, microseconds, nanoseconds. */
const MS_PER_UNIT = [1_000, 1, 1e-3, 1e-6] as const;

export type ReadTime = { readonly ms: number } | { readonly problem: 'unreadable' | 'implausible' };

/**
 * A time in whole milliseconds since the epoch, from a number in any usual unit, also as text, or from a date in ISO
 * 8601, RFC 2822 or JavaScript's notation. A time before 2000 or more than a day after `now` is implausible.
 */
export function readTime(value: number | string, now: number): ReadTime {
  const number = typeof value === 'number' ? value : numberIn(value);
  const candidates = number === undefined ? [parseTime(value as string)] : MS_PER_UNIT.map((ms) => number * ms);
  if (candidates.every(Number.isNaN)) return { problem: 'unreadable' };
  // The units differ by a factor of a thousand, and the years since 2000 span less: at most one unit fits.
  const ms = candidates.find((candidate) => candidate >= EARLIEST && candidate <= now + DAY_MS);
  // To microseconds first: a number is exact to only 256 nanoseconds, and may fall just short of the millisecond.
  return ms === undefined ? { problem: 'implausible' } : { ms: Math.floor(Math.round(ms * 1_000) / 1_000) };
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The number in a text, ignoring surrounding blanks; undefined if it is not a number. */
export function numberIn(text: string): number | undefined {
  const trimmed = text.trim();
  return NUMBER.test(trimmed) ? Number(trimmed) : undefined;
}

const ZONE = String.raw`(?<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?(?: ?utc)?(?:\[[\w/+-]+\])?`;
const ISO_8601 = new RegExp(
  String.raw`^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:(?:t| +)(?<time>\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?) ?${ZONE})?$`,
  'i',
);
const ISO_8601_BASIC = new RegExp(
  String.raw`^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})t(?<hour>\d{2})(?<minute>\d{2})(?<rest>\d{2}(?:[.,]\d+)?)? ?${ZONE}$`,
  'i',
);
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const NAMED_MONTH = `(?<name>${MONTHS.join('|')})[a-z]*\\.?`;
const CLOCK = String.raw`(?<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)`;
const NAMED_ZONE = String.raw`(?<zone>(?:gmt|utc?)?[+-]\d{2}:?\d{2}|gmt|utc?|z|[ecmp][sd]t)?`;
const COMMENT = String.raw`(?: *\([^()]*\))?`;
/** RFC 2822, and the obsolete forms of RFC 822: "Fri, 02 Jan 2026 03:04:05 +0100 (CET)". */
const RFC_2822 = new RegExp(
  String.raw`^(?:[a-z]{3,9},? +)?(?<day>\d{1,2})[ -]+${NAMED_MONTH}[ -]+(?<year>\d{4}|\d{2})(?:,? +${CLOCK} *${NAMED_ZONE})?${COMMENT}$`,
  'i',
);
/** JavaScript's `String(date)` and C's asctime: "Fri Jan 02 2026 03:04:05 GMT+0100 (CET)", "Fri Jan  2 03:04:05 2026". */
const JAVASCRIPT = new RegExp(
  String.raw`^(?:[a-z]{3,9},? +)?${NAMED_MONTH} +(?<day>\d{1,2}),? +(?<year>\d{4})(?:,? +${CLOCK} *${NAMED_ZONE})?${COMMENT}$`,
  'i',
);
const ASCTIME = new RegExp(
  String.raw`^[a-z]{3} +${NAMED_MONTH} +(?<day>\d{1,2}) +${CLOCK} +(?:${NAMED_ZONE} +)?(?<year>\d{4})$`,
  'i',
);
const NOTATIONS = [ISO_8601, ISO_8601_BASIC, RFC_2822, JAVASCRIPT, ASCTIME];

/** Hours that North American zones are behind UTC, as RFC 2822 gives them. */
const NAMED_ZONES: Readonly<Record<string, string>> = {
  ...{ est: '-05:00', edt: '-04:00', cst: '-06:00', cdt: '-05:00' },
  ...{ mst: '-07:00', mdt: '-06:00', pst: '-08:00', pdt: '-07:00' },
};
/** Longer texts are not dates; skip the patterns. */
const LONGEST = 100;

/**
 * Milliseconds since the epoch of a date in one of the notations; NaN if it has none of them, or the day does not
 * exist. Without a zone it is UTC, and a date alone is its midnight: `Date.parse` would use the zone of this machine,
 * accept `May`, and turn the 30th of February into March.
 */
export function parseTime(text: string): number {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST) return Number.NaN;
  const groups = NOTATIONS.map((notation) => notation.exec(trimmed)?.groups).find(Boolean);
  if (!groups) return Number.NaN;
  const { name, hour, minute, rest = '00', day = '' } = groups;
  const month = name === undefined ? groups.month! : String(MONTHS.indexOf(name.toLowerCase()) + 1).padStart(2, '0');
  const date = `${yearOf(groups.year!)}-${month}-${day.padStart(2, '0')}`;
  if (new Date(`${date}T00:00Z`).getUTCDate() !== Number(day)) return Number.NaN;
  const time = hour === undefined ? (groups.time ?? '00:00').padStart(5, '0') : `${hour}:${minute}:${rest}`;
  const clock = (/^\d:/.test(time) ? `0${time}` : time).replace(',', '.');
  return Date.parse(`${date}T${clock}${zoneOf(groups.zone)}`);
}

/** RFC 2822: two-digit years below 50 belong to this century. */
function yearOf(digits: string): string {
  if (digits.length === 4) return digits;
  return `${Number(digits) < 50 ? '20' : '19'}${digits}`;
}

function zoneOf(zone: string | undefined): string {
  const bare = (zone ?? 'z').toLowerCase();
  if (NAMED_ZONES[bare] !== undefined) return NAMED_ZONES[bare];
  const offset = bare.replace(/^(?:gmt|utc?)(?=[+-])/, '');
  const [, sign, hours, minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset) ?? [];
  return sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
}
