import { STORE_REPORT_SUBJECT as SUBJECT } from '@opensync/contracts';
import { answerTo, ask, type LogConnection } from '@opensync/event-log';
import type { StoreReport } from '@opensync/stores';

const ANSWER_MS = 5000;

/** Answers the CLI as long as the connection lives: embedded stores are best read by the process that has them open. */
export function serveStoreReports(nc: LogConnection, describe: () => Promise<StoreReport[]>): void {
  nc.subscribe(SUBJECT, {
    queue: 'status',
    callback: (error, request) => {
      if (error || !request.reply) return;
      describe().then(
        (reports) => answerTo(request, JSON.stringify(reports)),
        () => answerTo(request, '[]'),
      );
    },
  });
}

/** The report of a running OpenSync about its stores; undefined if none answers. */
export async function requestStoreReports(nc: LogConnection): Promise<StoreReport[] | undefined> {
  try {
    return (await ask(nc, SUBJECT, '', ANSWER_MS)).json<StoreReport[]>();
  } catch {
    return undefined;
  }
}
