import type { LogConnection } from '@opensync/event-log';
import { runJobs } from '@opensync/event-log/jobs';
import type { People } from '@opensync/event-log/people';
import { PreferenceDirectory, SummaryLedger, type Summarized } from '@opensync/event-log/wrapped';
import type { Logger, Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import { counter, METRIC, type Registry } from '@opensync/platform/telemetry';
import type { FigureStore } from '@opensync/stores';
import { deliverer } from './delivery/deliver.ts';
import { makeSummaries, type Finished } from './make-summaries.ts';

export const WRAPPED_SETTINGS = [
  'OPENSYNC_TIME_ZONE',
  'OPENSYNC_SMTP_URL',
  'OPENSYNC_SMTP_FROM',
  'OPENSYNC_WEBHOOK_PRIVATE_HOSTS',
] as const satisfies (keyof Settings)[];
export type WrappedSettings = Pick<Settings, (typeof WRAPPED_SETTINGS)[number]>;

export interface OpenWrappedContext {
  readonly nc: LogConnection;
  readonly documents: Pick<FigureStore, 'figures' | 'figureRating'>;
  /** The known people. */
  readonly people: { readonly people: People };
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly disposal: Disposal;
}

/** Makes the summary of each day, and sends it where its user or workspace wants it. */
export function openWrapped(
  settings: WrappedSettings,
  { nc, documents, people, logger, metrics, disposal }: OpenWrappedContext,
): void {
  const preferences = new PreferenceDirectory(nc);
  disposal.defer('preferences', () => preferences.close());
  const ledger = new SummaryLedger(nc);
  const finished: Finished = new Map();
  const sent = counter(metrics, METRIC.wrappedDeliveries);
  const nameOf = ({ workspaceId, userId }: Summarized) =>
    userId === undefined
      ? people.people.workspaces().find((workspace) => workspace.workspaceId === workspaceId)?.name
      : people.people.user(userId)?.name;
  const deliver = deliverer(settings, {
    ledger,
    nameOf,
    onDelivered: (means, outcome) => sent.inc({ means, outcome }),
    onFailure: (of, note) => logger.warn({ ...of, note }, 'a summary could not be delivered'),
  });
  runJobs(
    [
      {
        name: 'wrapped',
        run: async ({ now, signal, isRequested }) => {
          await preferences.ready();
          if (isRequested) finished.clear();
          const made = await makeSummaries(
            {
              ...{ documents, ledger, deliver, finished },
              owners: () => ownersOf(people.people),
              zonesOf: (of) => preferences.zonesOf(of) ?? [{ zone: settings.OPENSYNC_TIME_ZONE }],
              preferencesOf: (of) => preferences.of(of),
            },
            { now, signal },
          );
          return `${made.made} made, ${made.corrected} corrected, ${made.delivered} delivered`;
        },
      },
    ],
    { nc, logger, metrics, disposal },
  );
}

/** Every member, then every workspace. */
function* ownersOf(people: People): Generator<Summarized> {
  for (const { workspaceId, userId } of people.members()) yield { workspaceId, userId };
  for (const { workspaceId } of people.workspaces()) yield { workspaceId, userId: undefined };
}
