import type { Connection } from './serve.ts';
import { monotonicMs } from '../monotonic.ts';

/** Rows between two looks at the clock. A prime: numbers of rows are often a power of two apart. */
const ROWS_PER_LOOK = 251;

interface Clock {
  until: number;
}
const CLOCKS = new WeakMap<Connection, Clock>();

/**
 * An SQL condition that is true until the time of its read is up; then it makes the statement fail. A call of a function costs more than
 * most rows, so only one of {@link ROWS_PER_LOOK} calls it.
 * @param number SQL for the number of a row; any stretch of consecutive numbers is looked at
 */
export function inTimeAt(number: string): string {
  return `(${number} % ${ROWS_PER_LOOK} <> 0 OR in_time_now())`;
}

/**
 * Runs a read whose statements have the condition {@link inTimeAt}. node:sqlite cannot interrupt a statement, but a function that
 * throws ends it.
 * @param until of the clock of monotonic.ts
 * @throws if its time is up, also before it begins
 */
export function untilTime<Result>(connection: Connection, until: number | undefined, run: () => Result): Result {
  let clock = CLOCKS.get(connection);
  if (!clock) {
    const made = { until: Infinity };
    CLOCKS.set(connection, (clock = made));
    connection.database.function('in_time_now', () => {
      check(made);
      return 1;
    });
  }
  clock.until = until ?? Infinity;
  check(clock);
  return run();
}

/** For what a read does in JavaScript. @throws if the time of the read under way is up */
export function assertInTime(connection: Connection): void {
  const clock = CLOCKS.get(connection);
  if (clock) check(clock);
}

function check({ until }: Clock): void {
  if (monotonicMs() > until) throw new Error('the time of the search is up');
}
