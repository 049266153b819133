import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { PROCESS_REPORT_SUBJECT as SUBJECT } from '@opensync/contracts';
import { VERSION, type DescribedSetting } from '@opensync/platform';
import { totalsOf, type Registry, type Total } from '@opensync/platform/telemetry';
import { answerTo, askAll } from '../asking.ts';
import type { LogConnection } from '../connection.ts';

/** How long to listen for answers. */
const ANSWERS_MS = 500;
/** Processes of one installation whose reports are read. */
const MOST_PROCESSES = 200;

/** What a process of this installation says about itself. */
export interface ProcessReport {
  /** Of this run of the process. */
  readonly id: string;
  /** Such as `projector`; `opensync` for the all-in-one. */
  readonly service: string;
  /** Its machine, or its pod. */
  readonly host: string;
  /** Of OpenSync. */
  readonly version: string;
  /** Of Node. */
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When it wrote this. */
  readonly at: number;
  /** Bytes. */
  readonly memory: { readonly rss: number; readonly heapUsed: number };
  /** What it has counted since it started. */
  readonly totals: readonly Total[];
  readonly settings: readonly DescribedSetting[];
}

export interface ProcessFacts {
  readonly service: string;
  readonly metrics: Registry;
  readonly settings: readonly DescribedSetting[];
}

/** Answers operators as long as the connection lives. */
export function serveProcessReports(nc: LogConnection, { service, metrics, settings }: ProcessFacts): void {
  const id = randomUUID();
  const startedAt = Math.round(performance.timeOrigin);
  nc.subscribe(SUBJECT, {
    callback: (error, request) => {
      if (error) return;
      const { rss, heapUsed } = process.memoryUsage();
      totalsOf(metrics).then(
        (totals) => {
          const report: ProcessReport = {
            ...{
              id,
              service,
              host: hostname(),
              version: VERSION,
              node: process.versions.node,
              startedAt,
              at: Date.now(),
            },
            ...{ memory: { rss, heapUsed }, totals, settings },
          };
          answerTo(request, JSON.stringify(report));
        },
        // A metric that cannot be read is a bug, which must not end the process.
        () => undefined,
      );
    },
  });
}

/** The reports of all processes that answer, by service. */
export async function requestProcessReports(nc: LogConnection): Promise<ProcessReport[]> {
  const reports: ProcessReport[] = [];
  try {
    for (const answer of await askAll(nc, SUBJECT, ANSWERS_MS)) {
      if (reports.length < MOST_PROCESSES) reports.push(answer.json<ProcessReport>());
    }
  } catch {
    // None answers, or one of another version did.
  }
  return reports.sort((a, b) => a.service.localeCompare(b.service, 'en') || a.startedAt - b.startedAt);
}
