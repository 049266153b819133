import { z } from 'zod';

/** 43 characters; longer ones are not worth a hash. */
const LONGEST_TOKEN = 100;

export const linkSchema = z.strictObject({ token: z.string().min(1).max(LONGEST_TOKEN) });
