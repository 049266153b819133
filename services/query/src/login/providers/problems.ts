import { AppError, type ErrorCode } from '@opensync/platform';
import { ProviderError } from './provider.ts';

/** Why a login at a provider failed, as the login page says it. The address has only the name of the problem. */
const PROBLEMS = {
  refused: 'The login was not finished, or took too long. Try again.',
  uninvited: 'You are not a member of a workspace here. Ask an admin for an invitation.',
  taken:
    'Your address, or this login, belongs to a user already. Log in as that user in another way, then connect this login.',
  address:
    'The invitation is for another address, or the provider has not verified yours. Ask for an invitation without an address.',
  invitation: 'The invitation was used already, withdrawn, or has expired. Ask for another one.',
  unavailable: 'The login cannot be checked at the moment. Try again.',
} as const;
export type Problem = keyof typeof PROBLEMS;

const BY_CODE: Partial<Record<ErrorCode, Problem>> = {
  FORBIDDEN: 'uninvited',
  UNAUTHORIZED: 'uninvited',
  CONFLICT: 'taken',
  NOT_FOUND: 'invitation',
};

/** Pure. @param isInvited whether the login was to accept an invitation */
export function problemOf(error: unknown, isInvited: boolean): Problem {
  if (error instanceof ProviderError) return 'refused';
  if (!(error instanceof AppError)) return 'unavailable';
  if (isInvited && error.code === 'FORBIDDEN') return 'address';
  return BY_CODE[error.code] ?? 'unavailable';
}

/** The sentence of a problem that an address names; undefined for anything else. */
export function sentenceOf(problem: unknown): string | undefined {
  return typeof problem === 'string' && Object.hasOwn(PROBLEMS, problem) ? PROBLEMS[problem as Problem] : undefined;
}
