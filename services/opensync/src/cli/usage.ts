import { storedUse } from '@opensync/event-log/rates';
import type { Settings } from '@opensync/platform';
import { dailyLimitsOf, DailyUse, METERED, type Amounts } from '@opensync/platform/http';
import { bytes, number, printable, table, type Output } from './output.ts';
import { withKeys } from './with-keys.ts';

interface UsageOfDay extends Amounts {
  readonly day: string;
  readonly workspaceId: string;
  readonly workspace?: string;
}

/** What workspaces have used on the last days, as the gateways have stored it: up to ten seconds ago. */
export async function showUsage(
  settings: Settings,
  { days, workspace }: { readonly days: number; readonly workspace: string | undefined },
  { json, output, now }: { json: boolean; output: Output; now: number },
): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys, { nc }) => {
    const names = new Map(keys.people.people.workspaces().map(({ workspaceId, name }) => [workspaceId, name]));
    const begin = new Date(now - (days - 1) * 24 * 60 * 60_000).toISOString().slice(0, 10);
    const ofDays = new Map<string, DailyUse>();
    for await (const { day, process, counts } of storedUse(nc)) {
      if (day < begin) continue;
      let use = ofDays.get(day);
      if (!use) ofDays.set(day, (use = new DailyUse(() => Date.parse(day))));
      use.heardOf(process, day, counts);
    }
    const found = [...ofDays]
      .toSorted(([a], [b]) => (a < b ? 1 : -1))
      .flatMap(([day, use]) => use.all().map((used): UsageOfDay => ({ day, ...named(used, names) })))
      .filter((one) => workspace === undefined || one.workspaceId === workspace || one.workspace === workspace);
    const limits = dailyLimitsOf(settings);
    if (json) {
      output.print(JSON.stringify({ timeZone: 'UTC', limits, usage: found }));
      return 0;
    }
    if (found.length === 0) {
      output.note(
        `No requests are counted ${days === 1 ? 'today' : `in the last ${days} days`}; new ones appear within 10 seconds`,
      );
      return 0;
    }
    const rows = found.map(({ day, workspaceId, workspace: name, requests, events, bytes: sent }) => [
      ...[day, printable(name ?? workspaceId), number(requests), number(events), bytes(sent)],
    ]);
    output.print(table(['DAY (UTC)', 'WORKSPACE', 'REQUESTS', 'EVENTS', 'BYTES'], rows));
    for (const what of METERED) {
      if (limits[what] > 0) output.note(`At most ${number(limits[what])} ${what} a day and workspace.`);
    }
    return 0;
  });
}

function named(
  { workspaceId, ...amounts }: Amounts & { readonly workspaceId: string },
  names: ReadonlyMap<string, string | undefined>,
): Omit<UsageOfDay, 'day'> {
  const name = names.get(workspaceId);
  return { workspaceId, ...(name !== undefined && { workspace: name }), ...amounts };
}
