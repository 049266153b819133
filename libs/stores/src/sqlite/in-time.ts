import type { Connection } from './serve.ts';
import { monotonicMs } from '../monotonic.ts';

/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 256;

interface Clock {
  until: number;
  rows: number;
}
const CLOCKS = new WeakMap<Connection, Clock>();

/** An SQL condition that is true until the time of its read is up; then it makes the statement fail. */
export const IN_TIME = 'in_time()';

/**
 * The same for rows that cost less than a call of a function: it is called for one of {@link ROWS_PER_LOOK} rows.
 * @param number SQL for the consecutive number of a row
 */
export function inTimeAt(number: string): string {
  return `(${number} % ${ROWS_PER_LOOK} <> 0 OR in_time_now())`;
}

/**
 * Runs a read whose statements ask {@link IN_TIME} of each row. node:sqlite cannot interrupt a statement, but a function that throws ends
 * it.
 * @param until of the clock of monotonic.ts
 * @throws if its time is up, also before it begins
 */
export function untilTime<Result>(connection: Connection, until: number | undefined, run: () => Result): Result {
  let clock = CLOCKS.get(connection);
  if (!clock) {
    const made = { until: Infinity, rows: 0 };
    CLOCKS.set(connection, (clock = made));
    connection.database.function('in_time', () => {
      if (made.rows++ % ROWS_PER_LOOK === 0) check(made);
      return 1;
    });
    connection.database.function('in_time_now', () => {
      check(made);
      return 1;
    });
  }
  clock.until = until ?? Infinity;
  clock.rows = 0;
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
