import { InvalidArgumentError, Option, type Command } from 'commander';
import { COMMAND } from './command-name.ts';
import type { CommonArguments, SharedSyntax } from './shared-syntax.ts';

/** As long as gateways keep it. */
const MOST_DAYS = 40;

/** Adds the command about what workspaces use. */
export function addUsage(program: Command, { dataDir, json, targetHelp, run }: SharedSyntax): void {
  program
    .command('usage')
    .description('show how many requests, events and bytes each workspace sent on the last days')
    .option('-w, --workspace <workspace>', 'name or id of a workspace (default: all)')
    .addOption(new Option('--days <days>', `how many days up to today, 1 to ${MOST_DAYS}`).argParser(daysOf).default(1))
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `${targetHelp}

Days are those of UTC. The limits are OPENSYNC_DAILY_REQUESTS, OPENSYNC_DAILY_EVENTS and OPENSYNC_DAILY_BYTES.

Examples:
  $ ${COMMAND} usage
  $ ${COMMAND} usage --days 7 --workspace default`,
    )
    .action(async (options: CommonArguments & { workspace?: string; days: number }) => {
      const { workspace, days } = options;
      await run(options, async (settings, context) =>
        (await import('./usage.ts')).showUsage(settings, { days, workspace }, context),
      );
    });
}

function daysOf(text: string): number {
  const days = Number(text);
  if (/^\d+$/.test(text) && days >= 1 && days <= MOST_DAYS) return days;
  throw new InvalidArgumentError(`Expected 1 to ${MOST_DAYS}.`);
}
