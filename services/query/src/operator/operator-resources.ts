import { PROJECTIONS, type Owner, type Projection, type Role } from '@opensync/contracts';
import type { LogConnection } from '@opensync/event-log';
import { readBackupHistory, readBackupRecords } from '@opensync/event-log/backups';
import { DeadLetters, requestReplay, type LetterFacts, type ReplayOutcome } from '@opensync/event-log/dead-letters';
import {
  readConsumers,
  readLog,
  requestProcessReports,
  type ConsumerStatus,
  type LogStatus,
  type ProcessReport,
} from '@opensync/event-log/observe';
import type { People } from '@opensync/event-log/people';
import { describeStores, recordNow, type GenerationRecord, type StoreReport, type Stores } from '@opensync/stores';
import { lacksDocumentsIn } from './lacks-documents.ts';

/** Somebody whose data is stored. */
export interface KnownOwner extends Owner {
  readonly workspace: string | undefined;
  readonly email: string | undefined;
  readonly role: Role;
}

export type GenerationRecords = Readonly<Partial<Record<Projection, GenerationRecord>>>;

/** What is known of backups: the last of each kind, and those before. */
export type Backups = Awaited<ReturnType<typeof readBackups>>;

/** What operators see of the whole installation, and do. Concurrent callers share an answer for a moment. */
export interface OperatorResources {
  readonly log: () => Promise<LogStatus>;
  readonly consumers: () => Promise<readonly ConsumerStatus[]>;
  readonly stores: () => Promise<readonly StoreReport[]>;
  readonly processes: () => Promise<readonly ProcessReport[]>;
  readonly generations: () => Promise<GenerationRecords>;
  readonly backups: () => Promise<Backups>;
  readonly deadLetters: Pick<DeadLetters, 'list' | 'facts' | 'get' | 'drop'>;
  readonly replay: (letter: Pick<LetterFacts, 'consumer' | 'sequence'>) => Promise<ReplayOutcome>;
  readonly owners: () => readonly KnownOwner[];
}

/** Each question reaches every process of the installation, and an open page repeats it every few seconds. */
const FRESH_MS = 2_000;
/** Counting is slow in a large store. */
const FRESH_STORES_MS = 10_000;

export function openOperator(
  nc: LogConnection,
  { stores, people }: { readonly stores: Stores; readonly people: { readonly people: People } },
): OperatorResources {
  return {
    log: shared(FRESH_MS, () => readLog(nc)),
    consumers: shared(FRESH_MS, () => readConsumers(nc, { isRunning: true, lacksDocuments: lacksDocumentsIn(nc) })),
    stores: shared(FRESH_STORES_MS, () => describeStores(stores)),
    processes: shared(FRESH_MS, () => requestProcessReports(nc)),
    generations: shared(FRESH_MS, async () =>
      Object.fromEntries(
        (await Promise.all(PROJECTIONS.map(async (name) => [name, await recordNow(nc, name)] as const))).filter(
          ([, record]) => record !== undefined,
        ),
      ),
    ),
    backups: shared(FRESH_MS, () => readBackups(nc)),
    deadLetters: new DeadLetters(nc),
    replay: (letter) => requestReplay(nc, letter),
    owners: () =>
      people.people.workspaces().flatMap(({ workspaceId, name }) =>
        people.people.membersOf(workspaceId).map(({ userId, role }) => {
          return { workspaceId, userId, role, workspace: name, email: people.people.user(userId)?.email };
        }),
      ),
  };
}

async function readBackups(nc: LogConnection) {
  const [records, history] = await Promise.all([readBackupRecords(nc), readBackupHistory(nc)]);
  return { ...records, ...history };
}

/** `fetch` with an answer that all callers within `freshMs` share. An error is not kept. */
function shared<Answer>(freshMs: number, fetch: () => Promise<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  let fetchedAt = -Infinity;
  return () => {
    if (answer && performance.now() - fetchedAt <= freshMs) return answer;
    const fetched = fetch();
    answer = fetched;
    fetchedAt = performance.now();
    fetched.catch(() => {
      if (answer === fetched) answer = undefined;
    });
    return fetched;
  };
}
