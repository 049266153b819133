import type {
  Delivery,
  DeliveryMeans,
  Preferences,
  StoredSummary,
  Summarized,
  SummaryLedger,
} from '@opensync/event-log/wrapped';
import { reasonOf } from '@opensync/platform';
import { designOf, renderPicture, summaryText, type WrappedSummary } from '@opensync/wrapped-summary';
import type { WrappedSettings } from '../open-wrapped.ts';
import { mailer } from './mail.ts';
import { postWebhook } from './webhook.ts';

export interface ToDeliver {
  readonly of: Summarized;
  readonly wanted: Preferences;
  readonly now: number;
  readonly summary: WrappedSummary;
  readonly stored: StoredSummary;
}
export type Deliver = (what: ToDeliver) => Promise<{ readonly delivered: number; readonly isRetried: boolean }>;

export interface DelivererContext {
  readonly ledger: Pick<SummaryLedger, 'put'>;
  readonly nameOf: (of: Summarized) => string | undefined;
  readonly onDelivered?: (means: DeliveryMeans, outcome: 'sent' | 'failed') => void;
  readonly onFailure?: (of: Summarized, note: string) => void;
}

const MOST_ATTEMPTS = 5;
const NOTE_CHARACTERS = 200;

/**
 * Sends a summary to its owner's targets, once: the record is marked as being sent before it is sent, so that no other process
 * sends it as well. If this process dies meanwhile, the mark stays, because the summary may have arrived.
 */
export function deliverer(settings: WrappedSettings, context: DelivererContext): Deliver {
  const { ledger, nameOf } = context;
  const privateHosts = settings.OPENSYNC_WEBHOOK_PRIVATE_HOSTS.split(',').flatMap(
    (host) => host.trim().toLowerCase() || [],
  );
  const sendMail = mailer(settings);
  const ways = ({ of, wanted, summary, now }: ToDeliver): readonly [DeliveryMeans, () => Promise<void>][] => {
    if (!(wanted.editions ?? ['day']).includes(summary.edition)) return [];
    const { webhook, mail } = wanted;
    const key = `${of.workspaceId}.${of.userId ?? '_'}.${summary.date}`;
    const who = nameOf(of) ?? '';
    return [
      ...(webhook
        ? [
            ['webhook', () => postWebhook(webhook, { text: slackText(summary, who) }, { key, now, privateHosts })] as [
              DeliveryMeans,
              () => Promise<void>,
            ],
          ]
        : []),
      ...(mail !== undefined && sendMail
        ? [
            ['mail', async () => sendMail(await mailOf(mail, key, summary, who))] as [
              DeliveryMeans,
              () => Promise<void>,
            ],
          ]
        : []),
    ];
  };
  return async (what) => {
    let { stored } = what;
    let delivered = 0;
    let isRetried = false;
    for (const [means, send] of ways(what)) {
      const before = stored.record.deliveries[means];
      if (before && (before.state !== 'failed' || before.attempts >= MOST_ATTEMPTS)) continue;
      const put = (delivery: Omit<Delivery, 'attempts' | 'revision'>) => {
        const { record, entry } = stored;
        const attempts = (before?.attempts ?? 0) + 1;
        const deliveries = { ...record.deliveries, [means]: { ...delivery, attempts, revision: record.revision } };
        return ledger.put(what.of, what.summary.date, { ...record, deliveries }, entry);
      };
      const claimed = await put({ state: 'claimed', at: what.now });
      // Another process sends it.
      if (!claimed) continue;
      stored = claimed;
      const note = await send().then(
        () => undefined,
        (error: unknown) => reasonOf(error).slice(0, NOTE_CHARACTERS),
      );
      const state = note === undefined ? 'sent' : 'failed';
      stored = (await put({ state, at: what.now, ...(note !== undefined && { note }) })) ?? stored;
      context.onDelivered?.(means, state);
      if (note === undefined) delivered++;
      else context.onFailure?.(what.of, note);
      isRetried ||= note !== undefined && (before?.attempts ?? 0) + 1 < MOST_ATTEMPTS;
    }
    return { delivered, isRetried };
  };
}

const SLACK_CHARACTERS = 3000;

/** Markdown for chats: escapes what they would take for markup in the name of a model or project. */
function slackText(summary: WrappedSummary, who: string): string {
  const text = `${who === '' ? '' : `*${escaped(who)}*\n`}${escaped(summaryText(summary)).replace(/^#+ (.*)$/gm, '*$1*')}`;
  return text.length <= SLACK_CHARACTERS ? text : `${text.slice(0, SLACK_CHARACTERS - 1)}…`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function mailOf(to: string, key: string, summary: WrappedSummary, who: string) {
  const options = { design: designOf(summary.date), size: '1200x630', theme: 'light', who } as const;
  return {
    ...{ to, key, subject: `OpenSync: ${summary.date}${who === '' ? '' : ` of ${who}`}`, text: summaryText(summary) },
    picture: { name: `${summary.date}.png`, bytes: await renderPicture(summary, options) },
  };
}
