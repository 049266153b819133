import { InvalidArgumentError, type Command } from 'commander';
import { COMMAND } from './command-name.ts';
import type { CommonArguments, SharedSyntax } from './shared-syntax.ts';

interface BackupArguments extends CommonArguments {
  readonly full?: true;
  readonly fullEvery: number;
  readonly keep?: number;
}

/** Adds the commands for backups. */
export function addBackups(program: Command, { dataDir, json, targetHelp, run }: SharedSyntax): void {
  program
    .command('backup')
    .description('write what a folder of backups does not have yet: events, payloads and API keys (as hashes)')
    .argument('<folder>', 'folder of the backups, such as a mounted volume or bucket')
    .option('--full', 'begin a new chain, which holds everything')
    .option('--full-every <days>', 'begin a new chain automatically when the last one is this old', days, 7)
    .option('--keep <days>', 'remove chains that only restore states older than this', days)
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `${targetHelp}
Ingest continues meanwhile. Exit code 3: the log has lost payloads; everything else is in the backup.

Examples:
  $ ${COMMAND} backup /mnt/backups
  $ ${COMMAND} backup --keep 30 /mnt/backups`,
    )
    .action(async (folder: string, options: BackupArguments) => {
      const wanted = { full: options.full === true, fullEveryDays: options.fullEvery, keepDays: options.keep };
      await run(options, async (settings, context) =>
        (await import('./backup.ts')).backup(settings, folder, wanted, context),
      );
    });
  program
    .command('restore')
    .description('verify a backup, and import it into an empty log; run it again to continue after an interruption')
    .argument('<folder>', 'folder of `opensync backup`; its last chain is restored')
    .option('--dry-run', 'verify it only: every file, every line, every payload')
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `${targetHelp}
Import it before the services of the target start for the first time.

Examples:
  $ ${COMMAND} restore --dry-run /mnt/backups
  $ ${COMMAND} restore /mnt/backups`,
    )
    .action(async (folder: string, options: CommonArguments & { dryRun?: true }) => {
      await run(options, async (settings, context) =>
        (await import('./backup.ts')).restore(settings, folder, { dryRun: options.dryRun === true }, context),
      );
    });
  program
    .command('rehearse')
    .description('prove a backup: restore it into a scratch folder, replay it and compare with the live documents')
    .argument('<folder>', 'folder of `opensync backup`')
    .option('--log <url>', 'an empty scratch NATS server to restore into, instead of one started here')
    .option('--scratch <folder>', 'where the scratch folder is made; default: the folder for temporary files')
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `${targetHelp}
The outcome is recorded in the log, for \`${COMMAND} status\`, \`${COMMAND} doctor\` and the metrics. Exit code 1: the
backup is damaged or incomplete, or restores to documents that differ from the live ones.

Examples:
  $ ${COMMAND} rehearse /mnt/backups`,
    )
    .action(async (folder: string, options: CommonArguments & { log?: string; scratch?: string }) => {
      const wanted = { log: options.log, scratch: options.scratch };
      await run(options, async (settings, context) =>
        (await import('./backup.ts')).rehearse(settings, folder, wanted, context),
      );
    });
}

function days(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a whole number of days, 1 or more.');
}
