import { readerOf, sessionIdOf, type Principal, type Reader } from '@opensync/contracts';
import type { ListFilter } from '@opensync/stores';
import { z } from 'zod';
import { inQuery, onlyFields, sessionFilterFields } from '../input.ts';
import { countOf, documented, optionalText } from '../parameters.ts';

/** What a stream can be about. */
const LIVE_KINDS = ['session', 'message', 'receipt'] as const;
export type LiveKind = (typeof LIVE_KINDS)[number];

const USUAL_KINDS: readonly LiveKind[] = ['session', 'message'];
const LONGEST_SECONDS = 86_400;
const NOT_KINDS = `must be a list of ${LIVE_KINDS.join(', ')}, separated by commas`;

// A stream is about the present: times filter nothing.
const { from: _from, to: _to, ...filterFields } = sessionFilterFields;

const kinds = z
  .string(NOT_KINDS)
  .max(200, NOT_KINDS)
  .transform((list) => list.split(',').map((kind) => kind.trim()))
  .pipe(z.array(z.enum(LIVE_KINDS, NOT_KINDS)))
  .default([...USUAL_KINDS]);

/** Query string of `GET /api/live`. */
export const liveSchema = onlyFields({
  ...filterFields,
  session: optionalText(512, 'Only this session: its id, assigned by OpenSync or by its plugin'),
  kinds: documented(kinds, {
    takes: LIVE_KINDS.map((kind) => `\`${kind}\``).join(', '),
    usual: `\`${USUAL_KINDS.join(',')}\``,
    meaning: 'Which events are sent, separated by commas',
  }),
  seconds: inQuery(
    countOf(0, LONGEST_SECONDS, undefined, 'The stream ends after this long; 0: it sends what was missed and ends'),
  ),
});

/** What a reader of a stream wants to see. */
export interface LiveWish {
  readonly reader: Reader;
  readonly filter: ListFilter;
  readonly kinds: ReadonlySet<LiveKind>;
  /** Only these sessions; both readings of an id. */
  readonly sessions: ReadonlySet<string> | undefined;
}

export function wishOf(
  caller: Principal,
  { session, kinds, seconds: _, ...filter }: z.infer<typeof liveSchema>,
): LiveWish {
  const reader = readerOf(caller);
  return {
    reader,
    filter,
    kinds: new Set(kinds),
    sessions: session === undefined ? undefined : new Set([session, sessionIdOf(reader, session)]),
  };
}
