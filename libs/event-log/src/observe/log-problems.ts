import { LOG_PROBLEM_SUBJECT as SUBJECT } from '@opensync/contracts';
import { answerTo, askAll } from '../asking.ts';
import type { LogConnection } from '../connection.ts';
import { logProblem } from '../open-log.ts';

/** How long to listen for answers. */
const ANSWERS_MS = 500;

/**
 * Answers the command line as long as the connection lives: only a writing process knows that the log rejects events.
 */
export function serveLogProblem(nc: LogConnection): void {
  nc.subscribe(SUBJECT, {
    callback: (error, request) => {
      if (!error) answerTo(request, logProblem(nc) ?? '');
    },
  });
}

/** The distinct problems of all answering processes. */
export async function requestLogProblems(nc: LogConnection): Promise<readonly string[]> {
  const problems = new Set<string>();
  try {
    for (const answer of await askAll(nc, SUBJECT, ANSWERS_MS)) {
      const problem = answer.string();
      if (problem !== '') problems.add(problem);
    }
  } catch {
    // No process writes.
  }
  return [...problems];
}
