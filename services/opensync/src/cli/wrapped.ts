import { randomBytes } from 'node:crypto';
import { isTimeZone } from '@opensync/contracts';
import { userOf, workspaceOf } from '@opensync/event-log/people';
import {
  PreferenceBook,
  PreferenceDirectory,
  type SUMMARY_EDITIONS,
  type Preferences,
  type Summarized,
} from '@opensync/event-log/wrapped';
import { ConfigError, type Settings } from '@opensync/platform';
import { printable, table } from './output.ts';
import type { CommandContext } from './shared-syntax.ts';
import { withKeys } from './with-keys.ts';

export interface WrappedWish {
  /** Name or id. */
  readonly workspace: string;
  /** E-mail or id; absent: the summaries of the workspace. */
  readonly user: string | undefined;
  readonly zone: string | undefined;
  /** The day from which the zone counts; absent: always. */
  readonly from: string | undefined;
  /** An empty one turns it off, as for mail. */
  readonly webhook: string | undefined;
  readonly mail: string | undefined;
  readonly editions: readonly (typeof SUMMARY_EDITIONS)[number][] | undefined;
  readonly hour: number | undefined;
}

/** Says what a user or workspace wants of summaries. Prints the secret of a new webhook. */
export async function setWrapped(settings: Settings, wish: WrappedWish, context: CommandContext): Promise<number> {
  const { json, output } = context;
  if (wish.zone !== undefined && !isTimeZone(wish.zone)) {
    throw new ConfigError(`${wish.zone} is not a time zone of the IANA database, such as Europe/Berlin`);
  }
  return withKeys(settings, { create: false, output }, async (keys, { nc }) => {
    const people = keys.people.current();
    const { workspaceId } = workspaceOf(people, wish.workspace);
    const of: Summarized = {
      workspaceId,
      userId: wish.user === undefined ? undefined : userOf(people, wish.user, workspaceId).userId,
    };
    const secret = randomBytes(24).toString('base64url');
    const chosen = await new PreferenceBook(nc).change(of, (before) => changed(before, wish, secret));
    const isNew = wish.webhook !== undefined && wish.webhook !== '';
    if (json) output.print(JSON.stringify({ ...of, ...shown(chosen), ...(isNew && { secret }) }));
    else {
      output.print(rowOf(chosen).join(' · '));
      if (isNew)
        output.print(`Requests to the webhook are signed with this secret, which is shown only now: ${secret}`);
    }
    return 0;
  });
}

export async function listWrapped(settings: Settings, { json, output }: CommandContext): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys, { nc }) => {
    const directory = new PreferenceDirectory(nc);
    try {
      await directory.ready();
      const all = directory.all();
      if (json) output.print(JSON.stringify(all.map(({ preferences, ...of }) => ({ ...of, ...shown(preferences) }))));
      else if (all.length === 0)
        output.note('Nobody has chosen anything: summaries follow OPENSYNC_TIME_ZONE, and none are sent.');
      else {
        const { people } = keys.people;
        const rows = all.map(({ workspaceId, userId, preferences }) => [
          printable(people.findWorkspace(workspaceId)?.name ?? workspaceId),
          userId === undefined ? '–' : printable(people.user(userId)?.email ?? userId),
          ...rowOf(preferences),
        ]);
        output.print(table(['WORKSPACE', 'USER', 'ZONE', 'SENT TO', 'EDITIONS', 'HOUR'], rows));
      }
      return 0;
    } finally {
      await directory.close();
    }
  });
}

/** A zone with a day counts from then on; one without replaces all. */
function changed(before: Preferences, wish: WrappedWish, secret: string): Preferences {
  const { zone, from, webhook, mail, editions, hour } = wish;
  const kept = from === undefined ? [] : (before.zones ?? []).filter((one) => one.from !== from);
  return {
    ...before,
    ...(zone !== undefined && { zones: [...kept, { zone, from }] }),
    ...(webhook !== undefined && { webhook: webhook === '' ? undefined : { url: webhook, secret } }),
    ...(mail !== undefined && { mail: mail === '' ? undefined : mail }),
    ...(editions !== undefined && { editions: [...editions] }),
    ...(hour !== undefined && { hour }),
  };
}

/** The path of a webhook is its password. */
function shown({ webhook, ...preferences }: Preferences) {
  return { ...preferences, ...(webhook && { webhook: new URL(webhook.url).host }) };
}

function rowOf({ zones = [], webhook, mail, editions = ['day'], hour = 8 }: Preferences): string[] {
  const targets = [...(webhook ? [new URL(webhook.url).host] : []), ...(mail === undefined ? [] : [mail])];
  return [
    zones.map(({ zone, from }) => (from === undefined ? zone : `${zone} from ${from}`)).join(', ') || '–',
    targets.map(printable).join(', ') || '–',
    editions.join(','),
    `${String(hour).padStart(2, '0')}:00`,
  ];
}
