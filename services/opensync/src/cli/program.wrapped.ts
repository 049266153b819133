import { InvalidArgumentError, Option, type Command } from 'commander';
import { isEmail } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import type { CommonArguments, SharedSyntax } from './shared-syntax.ts';
import type { WrappedWish } from './wrapped.ts';

const EDITIONS = ['day', 'week', 'month', 'year'] as const;
const OFF = 'none';

interface SetArguments extends CommonArguments {
  readonly workspace: string;
  readonly user?: string;
  readonly zone?: string;
  readonly from?: string;
  readonly webhook?: string;
  readonly mail?: string;
  readonly editions?: WrappedWish['editions'];
  readonly hour?: number;
}

/** Adds the commands about daily summaries. */
export function addWrapped(program: Command, { dataDir, json, targetHelp, run }: SharedSyntax): void {
  const wrapped = program
    .command('wrapped')
    .description('list and set the time zones of daily summaries, and where they are sent')
    .addHelpText('after', targetHelp);
  wrapped
    .command('list')
    .description('list what users and workspaces have chosen')
    .addOption(dataDir())
    .addOption(json())
    .action(async (options: CommonArguments) => {
      await run(options, async (settings, context) => (await import('./wrapped.ts')).listWrapped(settings, context));
    });
  wrapped
    .command('set')
    .description('set the time zone of a user or workspace, and where their summaries are sent')
    .requiredOption('-w, --workspace <workspace>', 'name or id of the workspace')
    .option('-u, --user <user>', 'e-mail or id of a member; without it, the summaries of the workspace')
    .option('-z, --zone <zone>', 'time zone, such as Europe/Berlin')
    .addOption(new Option('--from <day>', 'first day of that zone, after a move (default: always)').argParser(dayOf))
    .addOption(
      new Option('--webhook <url>', 'webhook in the format of Slack’s incoming webhooks; none turns it off').argParser(
        webhookOf,
      ),
    )
    .addOption(
      new Option(
        '--mail <address>',
        'e-mail address to send to (needs OPENSYNC_SMTP_URL); none turns it off',
      ).argParser(mailOf),
    )
    .addOption(new Option('--editions <list>', `any of ${EDITIONS.join(', ')} (default: day)`).argParser(editionsOf))
    .addOption(new Option('--hour <hour>', 'hour of the next day to send from, 0 to 23 (default: 8)').argParser(hourOf))
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `
Examples:
  $ ${COMMAND} wrapped set --workspace default --user ada@example.com --zone Europe/Berlin
  $ ${COMMAND} wrapped set --workspace default --webhook https://hooks.slack.com/services/… --editions day,week`,
    )
    .action(async (options: SetArguments) => {
      const { workspace, user, zone, from, webhook, mail, editions, hour } = options;
      const wish: WrappedWish = { workspace, user, zone, from, webhook, mail, editions, hour };
      await run(options, async (settings, context) =>
        (await import('./wrapped.ts')).setWrapped(settings, wish, context),
      );
    });
}

function dayOf(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('Expected a day such as 2027-01-31.');
}

function webhookOf(text: string): string {
  if (text === OFF) return '';
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError(`Expected an https URL, or ${OFF}.`);
}

function mailOf(text: string): string {
  if (text === OFF) return '';
  if (isEmail(text)) return text;
  throw new InvalidArgumentError(`Expected an e-mail address, or ${OFF}.`);
}

function editionsOf(text: string): (typeof EDITIONS)[number][] {
  return text.split(',').map((name) => {
    const edition = EDITIONS.find((one) => one === name.trim());
    if (!edition) throw new InvalidArgumentError(`Expected some of ${EDITIONS.join(', ')}, separated by commas.`);
    return edition;
  });
}

function hourOf(text: string): number {
  const hour = Number(text);
  if (text !== '' && Number.isInteger(hour) && hour >= 0 && hour <= 23) return hour;
  throw new InvalidArgumentError('Expected an hour, 0 to 23.');
}
