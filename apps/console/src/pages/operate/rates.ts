import type { Answer } from '../../api/client.ts';
import { dollars, short } from '../../parts/numbers.ts';
import { duration } from '../../parts/times.ts';

export type ProcessReport = Answer<'/api/operator/processes'>['processes'][number];

/** What a process does, per second since the report before, or since it started. */
export interface Activity {
  readonly id: string;
  /** What the rates are of: milliseconds since the report before; undefined: since it started. */
  readonly spanMs: number | undefined;
  /** Answered requests. */
  readonly requests: number;
  /** Answers with 5xx, since it started. */
  readonly failures: number;
  readonly events: number;
  /** Messages that its consumers processed. */
  readonly messages: number;
  /** Batches that had to wait, or failed, since it started. */
  readonly retries: number;
  /** Documents that were folded again, since it started. */
  readonly conflicts: number;
  readonly embeddedTokens: number;
  readonly embeddingCost: number;
}

const HTTP = 'opensync_http_request_duration_seconds_count';
const BATCHES = 'opensync_consumer_batch_duration_seconds_count';

/** @param before the report of the same process that was read before this one */
export function activityOf(report: ProcessReport, before: ProcessReport | undefined): Activity {
  const sum = (
    { totals }: Pick<ProcessReport, 'totals'>,
    name: string,
    accepts: (labels: Labels) => boolean = () => true,
  ) =>
    totals.filter((total) => total.name === name && accepts(total.labels)).reduce((all, { value }) => all + value, 0);
  const isSame = before?.id === report.id && before.at < report.at;
  const since = isSame ? before : { totals: [], at: report.startedAt };
  const seconds = Math.max(0.001, (report.at - since.at) / 1000);
  const rate = (name: string) => Math.max(0, sum(report, name) - sum(since, name)) / seconds;
  return {
    id: report.id,
    spanMs: isSame ? report.at - before.at : undefined,
    requests: rate(HTTP),
    failures: sum(report, HTTP, ({ status }) => String(status).startsWith('5')),
    events: rate('opensync_published_events_total'),
    messages: rate('opensync_consumer_batch_size_sum'),
    retries: sum(report, BATCHES, ({ outcome }) => outcome !== 'ok'),
    conflicts: sum(report, 'opensync_fold_conflicts_total'),
    embeddedTokens: sum(report, 'opensync_embed_tokens_total'),
    embeddingCost: sum(report, 'opensync_embed_cost_dollars_total'),
  };
}

/** What rates are of, in words: the report before is older after a pause, and there is none at first. */
export function spanOf(activities: Iterable<Activity>): string {
  const spans = [...activities].map(({ spanMs }) => spanMs);
  const known = spans.filter((spanMs) => spanMs !== undefined);
  if (known.length === 0) return 'Rates are those since a process started';
  const last = `Rates are those of the last ${duration(Math.max(...known))}`;
  return known.length === spans.length ? last : `${last}, or since a process started if that is new here`;
}

type Labels = ProcessReport['totals'][number]['labels'];

/** Deliveries of each consumer per second, between two answers. One that was deleted and created again counts from 0. */
export function throughputOf(
  now: { readonly at: number; readonly consumers: readonly Delivered[] },
  before: typeof now | undefined,
): ReadonlyMap<string, number> {
  const seconds = before ? (now.at - before.at) / 1000 : 0;
  return new Map(
    now.consumers.map(({ name, delivered }) => {
      const former = before?.consumers.find((one) => one.name === name)?.delivered;
      const isKnown = former !== undefined && seconds > 0;
      return [name, isKnown ? Math.max(0, delivered - former) / seconds : 0];
    }),
  );
}
type Delivered = { readonly name: string; readonly delivered: number };

/** `12/s`, `0.3/s`; a dash for nothing. */
export function perSecond(value: number): string {
  if (value === 0) return '–';
  if (value < 0.05) return '<0.1/s';
  return `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')}/s`;
}

/** Tokens that were embedded, and what they cost if that is known. */
export function embedding(activity: Activity | undefined): string {
  if (!activity || activity.embeddedTokens === 0) return '–';
  const { embeddedTokens, embeddingCost } = activity;
  return `${short(embeddedTokens)} tokens${embeddingCost > 0 ? `, ${dollars(embeddingCost)}` : ''}`;
}
