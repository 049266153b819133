import { z } from 'zod';
import { PROVIDERS } from './provider.ts';

const LONGEST_PATH = 2_000;
const LONGEST_TOKEN = 100;

export const connectSchema = z.strictObject({
  provider: z.enum(PROVIDERS, `must be one of ${PROVIDERS.join(', ')}`),
  /** Where to continue: a path of this server. */
  return: z.string('must be text').max(LONGEST_PATH, `is longer than ${LONGEST_PATH} characters`).optional(),
});
export const providerLoginSchema = connectSchema.extend({
  /** The token of an invitation, to accept it with this login. */
  invitation: z.string('must be text').min(1).max(LONGEST_TOKEN).optional(),
});
