import { canonicalTimeZone, dayAfter, timeZone, type TimeZone } from '@opensync/contracts';

/** A time zone, and the first day on which it counts. */
export interface ZoneFrom {
  readonly zone: string;
  /** `2026-03-29`; absent: from the beginning. */
  readonly from?: string | undefined;
}

/**
 * The days of a person, who may move to another time zone. Each quarter of an hour belongs to exactly one day, so that
 * days add up to the weeks, months and years that they make up; a day of a move is longer or shorter, or empty.
 */
export interface Calendar {
  /** The quarter of an hour with which a day begins, and the day before ends. */
  startOf(day: string): number;
  dayOf(quarter: number): string;
  /** The hour that clocks showed, 0 to 23. */
  hourOf(quarter: number): number;
  /** The zone that counts on a day. */
  zoneOn(day: string): string;
}

/** Days whose beginning a calendar remembers. */
const MOST_STARTS = 4000;
/** Their offsets are remembered. A request names the zone, in any spelling: by their canonical names they are few. */
const ZONES = new Map<string, TimeZone>();
/** Each is up to 400 KB with its offsets, and mostly a few KB. */
export const MOST_ZONES = 100;

/** Zones whose offsets are remembered. */
export function zonesKept(): number {
  return ZONES.size;
}

function zoneNamed(name: string): TimeZone {
  const canonical = canonicalTimeZone(name);
  let zone = ZONES.get(canonical);
  if (!zone) {
    if (ZONES.size >= MOST_ZONES) ZONES.clear();
    ZONES.set(canonical, (zone = timeZone(canonical)));
  }
  return zone;
}

/**
 * @param zones in any order; before the first one, it counts as well. At least one.
 * @throws RangeError for an unknown zone
 */
export function calendarOf(zones: readonly ZoneFrom[]): Calendar {
  const [first, ...moves] = zones
    .map(({ zone, from = '' }) => ({ zone: zoneNamed(zone), name: zone, from }))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  const countingOn = (day: string) => moves.findLast(({ from }) => from <= day) ?? first!;
  const zoneOn = (day: string) => countingOn(day).zone;
  // Who moves east by more than a day's length skips a day: it is empty, and the next one begins where the last one ended.
  const startInZones = (day: string) => {
    const [zone, before] = [zoneOn(day), zoneOn(dayAfter(day, -1))];
    const start = zone.startOf(day);
    return zone === before ? start : Math.max(start, before.startOf(dayAfter(day, -1)));
  };
  const starts = new Map<string, number>();
  const startOf = (day: string) => {
    let start = starts.get(day);
    if (start === undefined) {
      if (starts.size >= MOST_STARTS) starts.clear();
      starts.set(day, (start = startInZones(day)));
    }
    return start;
  };
  const dayOf = (quarter: number) => {
    if (moves.length === 0) return first!.zone.dayOf(quarter);
    let day = first!.zone.dayOf(quarter);
    while (startOf(day) > quarter) day = dayAfter(day, -1);
    while (startOf(dayAfter(day, 1)) <= quarter) day = dayAfter(day, 1);
    return day;
  };
  return {
    startOf,
    dayOf,
    hourOf: (quarter) => zoneOn(dayOf(quarter)).hourOf(quarter).hour,
    zoneOn: (day) => countingOn(day).name,
  };
}
