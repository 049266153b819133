import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { CONSUMER, PROJECTIONS, type Projection } from '@opensync/event-log';
import type { Settings } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import type { LetterSelection } from './dead-letters.ts';

export interface RebuildSyntax {
  readonly restart: boolean;
  readonly force: boolean;
  readonly dropOld: boolean;
}

/** What the commands for operators do; as in Commands, each resolves with the exit code. */
export interface MaintenanceCommands {
  listDeadLetters(
    settings: Settings,
    query: { consumer: string | undefined; limit: number },
    json: boolean,
  ): Promise<number>;
  showDeadLetter(settings: Settings, id: number, json: boolean): Promise<number>;
  replayDeadLetters(settings: Settings, selection: LetterSelection, json: boolean): Promise<number>;
  dropDeadLetters(settings: Settings, selection: LetterSelection, json: boolean): Promise<number>;
  rebuild(settings: Settings, store: Projection, options: RebuildSyntax, json: boolean): Promise<number>;
  cleanGenerations(settings: Settings, store: Projection | undefined, json: boolean): Promise<number>;
  exportLog(
    settings: Settings,
    options: { file: string; overwrite: boolean; verify: boolean },
    json: boolean,
  ): Promise<number>;
  importLog(
    settings: Settings,
    options: { file: string; keys: boolean; dryRun: boolean },
    json: boolean,
  ): Promise<number>;
}

export interface SharedSyntax {
  /** Options of every command, each time anew. */
  readonly dataDir: () => Option;
  readonly json: () => Option;
  readonly targetHelp: string;
  readonly settingsFrom: (overrides: Record<string, string | undefined>) => Settings;
  readonly onExitCode: (code: number) => void;
}

interface CommonArguments {
  readonly dataDir?: string;
  readonly json?: true;
}

interface LetterArguments extends CommonArguments {
  readonly all?: true;
  readonly consumer?: string;
}

interface RebuildArguments extends CommonArguments {
  readonly restart?: true;
  readonly force?: true;
  readonly dropOld?: true;
}

/** Adds the commands with which an installation is looked after. */
export function addMaintenance(program: Command, commands: MaintenanceCommands, syntax: SharedSyntax): void {
  const { dataDir, json, targetHelp, onExitCode } = syntax;
  const settingsOf = ({ dataDir: folder }: CommonArguments) => syntax.settingsFrom({ OPENSYNC_DATA_DIR: folder });
  const consumer = () =>
    new Option('-c, --consumer <name>', 'of this consumer alone').choices(
      Object.values(CONSUMER).map(({ durable }) => durable),
    );

  const dlq = program
    .command('dlq')
    .description('dead letters: what a projection could not process')
    .addHelpText('after', targetHelp);
  dlq
    .command('list')
    .description('the oldest dead letters, with why they are there')
    .addOption(consumer())
    .option('-l, --limit <count>', 'how many', positive, 50)
    .addOption(dataDir())
    .addOption(json())
    .action(async (options: LetterArguments & { limit: number }) => {
      const query = { consumer: options.consumer, limit: options.limit };
      onExitCode(await commands.listDeadLetters(settingsOf(options), query, options.json === true));
    });
  dlq
    .command('show')
    .description('one dead letter, whole')
    .addArgument(new Argument('<id>', 'from `opensync dlq list`').argParser(positive))
    .addOption(dataDir())
    .addOption(json())
    .action(async (id: number, options: CommonArguments) => {
      onExitCode(await commands.showDeadLetter(settingsOf(options), id, options.json === true));
    });
  const selecting = (
    name: string,
    description: string,
    help: string,
    command: 'replayDeadLetters' | 'dropDeadLetters',
  ) =>
    dlq
      .command(name)
      .description(description)
      .addArgument(new Argument('[ids...]', 'from `opensync dlq list`').default([]).argParser(eachPositive))
      .option('-a, --all', 'all that are there now')
      .addOption(consumer())
      .addOption(dataDir())
      .addOption(json())
      .addHelpText('after', help)
      .action(async (ids: readonly number[], options: LetterArguments, itself: Command) => {
        if ((ids.length === 0) === (options.all === undefined)) {
          itself.error('error: name the ids of dead letters, or --all');
        }
        const selection: LetterSelection =
          ids.length > 0 ? { sequences: ids } : { sequences: 'all', consumer: options.consumer };
        onExitCode(await commands[command](settingsOf(options), selection, options.json === true));
      });
  selecting(
    'replay',
    'give dead letters back to their projection, e.g. after an upgrade that can read them',
    `
A letter keeps its place in history. One that fails again stays, under a new id and with the attempt counted;
exit code 1 where that happens.

Examples:
  $ ${COMMAND} dlq replay 12 13
  $ ${COMMAND} dlq replay --all --consumer search`,
    'replayDeadLetters',
  );
  selecting(
    'drop',
    'delete dead letters for good; the events themselves stay in the log',
    `
Examples:
  $ ${COMMAND} dlq drop 12`,
    'dropDeadLetters',
  );

  const rebuild = program
    .command('rebuild')
    .description('make a store anew beside the live one, and switch to it; ingest and reads go on')
    .addHelpText(
      'after',
      `${targetHelp}
Stores that are on servers are those of MONGODB_URL, ELASTICSEARCH_URL and QDRANT_URL, which must be set as for the
services. Interrupted, the same command goes on where it was.

Examples:
  $ ${COMMAND} rebuild documents                       from the events, e.g. after a restore
  $ ${COMMAND} rebuild search --drop-old               from the documents, e.g. after an upgrade
  $ ${COMMAND} rebuild vectors                         from the documents; what was embedded is copied
  $ ${COMMAND} rebuild clean                           remove the generations that were kept`,
    );
  for (const store of PROJECTIONS) {
    rebuild
      .command(store)
      .description(REBUILD_DESCRIPTIONS[store])
      .option('--restart', 'begin anew where an earlier run was interrupted')
      .option('--force', 'switch although the new one lacks something that the live one has')
      .option('--drop-old', 'remove the earlier generations afterwards')
      .addOption(dataDir())
      .addOption(json())
      .action(async (options: RebuildArguments) => {
        const wanted: RebuildSyntax = {
          restart: options.restart === true,
          force: options.force === true,
          dropOld: options.dropOld === true,
        };
        onExitCode(await commands.rebuild(settingsOf(options), store, wanted, options.json === true));
      });
  }
  rebuild
    .command('clean')
    .description('remove the generations that rebuilds have kept')
    .addArgument(new Argument('[store]', 'of this store alone').choices(PROJECTIONS))
    .addOption(dataDir())
    .addOption(json())
    .action(async (store: Projection | undefined, options: CommonArguments) => {
      onExitCode(await commands.cleanGenerations(settingsOf(options), store, options.json === true));
    });

  program
    .command('export-log')
    .description('write the whole history to a file: events, payloads and API keys (as hashes)')
    .argument('<file>', 'compressed where its name ends in .gz; - is stdout, always compressed')
    .option('-f, --force', 'replace a file that is there')
    .option('--verify', 'read the file back and compare digests')
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `${targetHelp}
Ingest goes on meanwhile; what arrives after the start is not in the file.
Exit code 3: payloads are lost in the log; everything else is in the file.

Examples:
  $ ${COMMAND} export-log history.jsonl.gz
  $ docker compose run -T --rm cli export-log - > history.jsonl.gz`,
    )
    .action(async (file: string, options: CommonArguments & { force?: true; verify?: true }) => {
      const wanted = { file, overwrite: options.force === true, verify: options.verify === true };
      onExitCode(await commands.exportLog(settingsOf(options), wanted, options.json === true));
    });
  program
    .command('import-log')
    .description('read a file of export-log into an empty log; repeated, it goes on where it was')
    .argument('<file>', 'from `opensync export-log`; - is stdin, compressed or not')
    .option('--without-keys', 'leave the API keys out')
    .option('--dry-run', 'check the file and the target, compare what is there already, and write nothing')
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `${targetHelp}

Examples:
  $ NATS_URL=nats://nats.example.com:4222 ${COMMAND} import-log history.jsonl.gz
  $ docker compose run -T --rm cli import-log - < history.jsonl.gz`,
    )
    .action(async (file: string, options: CommonArguments & { withoutKeys?: true; dryRun?: true }) => {
      const wanted = { file, keys: options.withoutKeys !== true, dryRun: options.dryRun === true };
      onExitCode(await commands.importLog(settingsOf(options), wanted, options.json === true));
    });
}

const REBUILD_DESCRIPTIONS: Record<Projection, string> = {
  documents: 'sessions and messages, from the events of the log',
  search: 'the full-text index, from the documents',
  vectors: 'the vectors, from the documents; texts that did not change are not embedded again',
};

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

function eachPositive(text: string, before: readonly number[]): number[] {
  return [...before, positive(text)];
}
