import { z } from 'zod';

export const LONGEST_ID = 100;
const MEANING = 'must be your user id, as GET /auth/session shows it';

/** Body of `DELETE /api/me`: nobody erases themselves by a mistyped path. */
export const eraseMeSchema = z.strictObject({ confirm: z.string(MEANING).max(LONGEST_ID, MEANING) });
