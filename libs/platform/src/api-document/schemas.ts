import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../errors.ts';

/** Gives a schema its name in the document. A schema without a name is part of those that use it. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  return schema.meta({ id });
}

/** Milliseconds since the epoch. */
export const time = z.number().describe('Milliseconds since the epoch');
export const amount = z.number().nonnegative();
export const count = z.int().nonnegative();

const detail = z.strictObject({
  path: z.string().describe('Dotted path into the request, e.g. `messages.3.externalId`'),
  message: z.string(),
});

export const errorSchema = named(
  'Error',
  z.strictObject({
    error: z.strictObject({
      code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
      message: z.string().describe('What is wrong and what to do; not stable'),
      details: z.array(detail).max(20).optional(),
      requestId: z.string().describe('Also in the header `X-Request-Id` and in the log'),
    }),
  }),
);
