import { type Projection, PROJECTIONS } from '@opensync/contracts';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { COMMAND } from './command-name.ts';
import type { LetterSelection } from './dead-letters.ts';
import type { CommonArguments, SharedSyntax } from './shared-syntax.ts';

export interface RebuildSyntax {
  readonly restart: boolean;
  readonly force: boolean;
  readonly dropOld: boolean;
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

/** The library that has them takes a tenth of a second to load. */
const JOB_COMMANDS = ['run', 'pause', 'resume'] as const;

/** Adds the commands that maintain an installation. */
export function addMaintenance(program: Command, { dataDir, json, targetHelp, run }: SharedSyntax): void {
  const consumer = () => new Option('-c, --consumer <name>', 'only those of this consumer').choices(PROJECTIONS);

  const dlq = program
    .command('dlq')
    .description('list, show, replay and drop dead letters: messages that a projection could not process')
    .addHelpText('after', targetHelp);
  dlq
    .command('list')
    .description('list the oldest dead letters with their reasons')
    .addOption(consumer())
    .option('-l, --limit <count>', 'how many to list', positive, 50)
    .addOption(dataDir())
    .addOption(json())
    .action(async (options: LetterArguments & { limit: number }) => {
      const query = { consumer: options.consumer, limit: options.limit };
      await run(options, async (settings, context) =>
        (await import('./dead-letters.ts')).listDeadLetters(settings, query, context),
      );
    });
  dlq
    .command('show')
    .description('show one dead letter in full')
    .addArgument(new Argument('<id>', 'id of the letter, from `opensync dlq list`').argParser(positive))
    .addOption(dataDir())
    .addOption(json())
    .action(async (id: number, options: CommonArguments) => {
      await run(options, async (settings, context) =>
        (await import('./dead-letters.ts')).showDeadLetter(settings, id, context),
      );
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
      .addArgument(new Argument('[ids...]', 'ids of the letters, from `opensync dlq list`').argParser(eachPositive))
      .option('-a, --all', 'all letters that exist now')
      .addOption(consumer())
      .addOption(dataDir())
      .addOption(json())
      .addHelpText('after', help)
      .action(async (ids: readonly number[] = [], options: LetterArguments, itself: Command) => {
        if ((ids.length === 0) === (options.all === undefined)) {
          itself.error('error: name the ids of the dead letters, or add --all');
        }
        const selection: LetterSelection =
          ids.length > 0 ? { sequences: ids } : { sequences: 'all', consumer: options.consumer };
        await run(options, async (settings, context) =>
          (await import('./dead-letters.ts'))[command](settings, selection, context),
        );
      });
  selecting(
    'replay',
    'process dead letters again, for example after an upgrade that can process them',
    `
A replayed event keeps its place in history. If it fails again, the letter gets a new id and one more attempt, and the exit
code is 1.

Examples:
  $ ${COMMAND} dlq replay 12 13
  $ ${COMMAND} dlq replay --all --consumer search`,
    'replayDeadLetters',
  );
  selecting(
    'drop',
    'delete dead letters; the events themselves stay in the log',
    `
Examples:
  $ ${COMMAND} dlq drop 12`,
    'dropDeadLetters',
  );

  const rebuild = program
    .command('rebuild')
    .description('rebuild a store beside the live one and switch to it; ingest and reads continue')
    .addHelpText(
      'after',
      `${targetHelp}
For stores on servers, set MONGODB_URL, ELASTICSEARCH_URL and QDRANT_URL to the same values as for the services.
After an interruption, the same command continues where it stopped.

Examples:
  $ ${COMMAND} rebuild all                             all three, for example after only the log was restored
  $ ${COMMAND} rebuild documents                       from the events, for example after a restore
  $ ${COMMAND} rebuild search --drop-old               from the documents, for example after an upgrade
  $ ${COMMAND} rebuild vectors                         from the documents; vectors of unchanged texts are copied
  $ ${COMMAND} rebuild clean                           remove the earlier generations`,
    );
  for (const store of [...PROJECTIONS, 'all'] as const) {
    rebuild
      .command(store)
      .description(REBUILD_DESCRIPTIONS[store])
      .option('--restart', 'start over instead of continuing an interrupted run')
      .option('--force', 'switch even if the new store lacks something that the live one has')
      .option('--drop-old', 'remove the earlier generations afterwards')
      .addOption(dataDir())
      .addOption(json())
      .action(async (options: RebuildArguments) => {
        const wanted: RebuildSyntax = {
          restart: options.restart === true,
          force: options.force === true,
          dropOld: options.dropOld === true,
        };
        const stores = store === 'all' ? PROJECTIONS : [store];
        await run(options, async (settings, context) =>
          (await import('./rebuild.ts')).rebuild(settings, stores, wanted, context),
        );
      });
  }
  rebuild
    .command('clean')
    .description('remove the earlier generations that rebuilds have kept')
    .addArgument(new Argument('[store]', 'only those of this store').choices(PROJECTIONS))
    .addOption(dataDir())
    .addOption(json())
    .action(async (store: Projection | undefined, options: CommonArguments) => {
      await run(options, async (settings, context) =>
        (await import('./rebuild.ts')).cleanGenerations(settings, store, context),
      );
    });

  const jobs = program
    .command('jobs')
    .description('list, run, pause and resume scheduled jobs')
    .addHelpText('after', targetHelp);
  jobs
    .command('list')
    .description('list the jobs with their last results')
    .addOption(dataDir())
    .addOption(json())
    .action(async (options: CommonArguments) => {
      await run(options, async (settings, context) => (await import('./jobs.ts')).listJobs(settings, context));
    });
  const steering = {
    run: 'run a job now, also if it is paused',
    pause: 'keep a job from starting; a run in progress ends as usual',
    resume: 'let a paused job start again at its next time',
  } as const;
  for (const command of JOB_COMMANDS) {
    jobs
      .command(command)
      .description(steering[command])
      .argument('<name>', 'name of the job, from `opensync jobs list`')
      .addOption(dataDir())
      .addOption(json())
      .action(async (name: string, options: CommonArguments) => {
        await run(options, async (settings, context) =>
          (await import('./jobs.ts')).steerJob(settings, name, command, context),
        );
      });
  }

  program
    .command('export-log')
    .description('write the whole history to a file: events, payloads and API keys (as hashes)')
    .argument('<file>', 'compressed if its name ends in .gz; - is stdout, always compressed')
    .option('-f, --force', 'replace an existing file')
    .option('--verify', 'read the file back and compare digests')
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `${targetHelp}
Ingest continues during the export. The file holds the events that had arrived when the export began.
Exit code 3: the log has lost payloads; everything else is in the file.

Examples:
  $ ${COMMAND} export-log history.jsonl.gz
  $ docker compose run -T --rm cli export-log - > history.jsonl.gz`,
    )
    .action(async (file: string, options: CommonArguments & { force?: true; verify?: true }) => {
      const wanted = { file, overwrite: options.force === true, verify: options.verify === true };
      await run(options, async (settings, context) =>
        (await import('./transfer.ts')).exportLog(settings, wanted, context),
      );
    });
  program
    .command('import-log')
    .description('import a file from export-log into an empty log; run it again to continue after an interruption')
    .argument('<file>', 'file from `opensync export-log`; - is stdin, compressed or not')
    .option('--without-keys', 'leave the API keys out')
    .option('--dry-run', 'check the file, compare it with the events in the target, and write nothing')
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
      await run(options, async (settings, context) =>
        (await import('./transfer.ts')).importLog(settings, wanted, context),
      );
    });
}

const REBUILD_DESCRIPTIONS: Record<Projection | 'all', string> = {
  all: 'rebuild documents, then the full-text index, then the vectors; --json prints a line for each',
  documents: 'rebuild sessions and messages, from the events of the log',
  search: 'rebuild the full-text index, from the documents',
  vectors: 'rebuild the vectors, from the documents; unchanged texts are not embedded again',
};

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a whole number above 0.');
}

function eachPositive(text: string, before: readonly number[] = []): number[] {
  return [...before, positive(text)];
}
