import { isTimeZone } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { editionNamed, type WrappedPeriod } from '@opensync/wrapped-summary';
import { z } from 'zod';
import { onlyFields } from '../input.ts';
import { pictureFields } from './pictures.ts';
import { choiceOf, documented, inQuery, limitOf } from '../parameters.ts';

export const OF = ['me', 'workspace'] as const;

const zone = z
  .string('must be text')
  .max(64, 'is longer than 64 characters')
  .refine(isTimeZone, 'must be a time zone of the IANA database, such as Europe/Berlin')
  .optional();

const fields = {
  of: choiceOf(OF, 'me', 'The caller’s own sessions, or those that members share with the workspace'),
  tz: documented(zone, {
    takes: 'time zone of the IANA database',
    usual: '`OPENSYNC_TIME_ZONE`',
    meaning: 'The time zone whose days are summed up',
  }),
};

export const wrappedSchema = onlyFields({ ...fields, ...pictureFields });
export const listWrappedSchema = onlyFields({
  ...fields,
  limit: inQuery(limitOf(366, 30, 'How many days, up to today')),
});

/** What follows the name of a period: how its summary is sent. */
const FORMATS = { json: '', markdown: '.md', picture: '.png' } as const;
export type WrappedFormat = keyof typeof FORMATS;

/** Reads the last segment of a path, such as `2026-11-29.md`. @throws AppError INVALID_REQUEST */
export function periodAsked(name: string, today: string): { period: WrappedPeriod; format: WrappedFormat } {
  const format = (['markdown', 'picture'] as const).find((one) => name.endsWith(FORMATS[one])) ?? 'json';
  const period = editionNamed(name.slice(0, name.length - FORMATS[format].length));
  if (!period) throw invalid('must be a day, week, month or year, such as 2026-11-29, 2026-W48, 2026-11 or 2026');
  if (period.first > today) throw invalid('has not begun yet');
  return { period, format };
}

function invalid(message: string): AppError {
  return new AppError('INVALID_REQUEST', `date ${message}`, { details: [{ path: 'date', message }] });
}
