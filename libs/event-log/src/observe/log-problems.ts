import { LOG_PROBLEM_SUBJECT as SUBJECT } from '@opensync/contracts';
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
      if (!error) request.respond(logProblem(nc) ?? '');
    },
  });
}

/** The distinct problems of all answering processes. */
export async function requestLogProblems(nc: LogConnection): Promise<readonly string[]> {
  const problems = new Set<string>();
  try {
    for await (const answer of await nc.requestMany(SUBJECT, '', { strategy: 'timer', maxWait: ANSWERS_MS })) {
      const problem = answer.string();
      if (problem !== '') problems.add(problem);
    }
  } catch {
    // No process writes.
  }
  return [...problems];
}
