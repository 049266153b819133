import { Option, InvalidArgumentError, type Command } from 'commander';
import { COMMAND } from './command-name.ts';
import type { SharedSyntax } from './shared-syntax.ts';

const DEFAULT_URL = 'http://localhost:3211';

interface Arguments {
  readonly url?: string;
  readonly output?: string;
  readonly force?: true;
  readonly json?: true;
  readonly filter?: Readonly<Record<string, string>>;
  readonly [option: string]: unknown;
}

/** The options that are parameters of `GET /api/export`, with the parameter's name. */
const PARAMETERS: readonly (readonly [flags: string, parameter: string, description: string])[] = [
  [
    '-f, --format <name>',
    'format',
    'what is exported, such as json, markdown, deepeval, atif; docs/export.md lists them (default: json)',
  ],
  ['--id <id>', 'id', 'only this session'],
  ['--archive <type>', 'archive', 'zip: a file for each session, or the data with its companion file'],
  ['--part <name>', 'part', 'registry or schema: only the companion file of openai and openai-api'],
  ['--turn-mode <mode>', 'turn_mode', 'per_turn, final_only, full or conversation'],
  ['--context-chars <count>', 'context_chars', 'characters of the conversation before each test case'],
  ['--source <name>', 'source', 'sessions of this tool'],
  ['--model <name>', 'model', 'sessions with this model'],
  ['--project <name>', 'project', 'sessions of this project: its name or its path'],
  ['--from <time>', 'from', 'sessions created then or later'],
  ['--to <time>', 'to', 'sessions created before then'],
  ['--status <verdict>', 'status', 'golden, correct, incorrect or needs_review'],
  ['--tags <list>', 'tags', 'sessions with any of these tags, separated by commas'],
  ['--min-tokens <count>', 'min_tokens', 'sessions with at least so many tokens'],
  ['--limit <count>', 'limit', 'at most so many sessions'],
  ['--order <order>', 'order', 'desc (newest first) or asc'],
];

/** Options without a value. */
const SWITCHES: readonly (readonly [flag: string, parameter: string, value: string, description: string])[] = [
  ['--anonymize', 'anonymize', 'true', 'replace names, e-mails, paths, hosts and secrets by pseudonyms'],
  ['--eval-ready', 'eval_ready', 'true', 'sessions that are marked as ready for evaluations'],
  ['--code-only', 'code_only', 'true', 'only code blocks of the answers in test cases'],
  ['--without-metadata', 'include_metadata', 'false', 'rows do not say where they come from'],
  ['--without-system', 'include_system', 'false', 'leave system messages out'],
  ['--without-tools', 'include_tools', 'false', 'leave tool calls and their results out'],
];

/** Adds the command that exports sessions, over HTTP: what a key may read is decided in one place. */
export function addExport(
  program: Command,
  env: NodeJS.ProcessEnv,
  { json, run }: Pick<SharedSyntax, 'json' | 'run'>,
): void {
  const command = program
    .command('export')
    .description('export sessions for evaluation tools, for trainers or for reading')
    .option('-o, --output <file>', 'where to write it; the file appears once it is complete (default: stdout)')
    .option('--force', 'replace an existing file')
    .option('-u, --url <url>', `the server (OPENSYNC_URL, default ${DEFAULT_URL})`)
    .addOption(json());
  for (const [flags, , description] of PARAMETERS) command.option(flags, description);
  for (const [flag, , , description] of SWITCHES) command.option(flag, description);
  command
    .addOption(
      new Option('-F, --filter <name=value>', 'any other parameter of GET /api/export; may be repeated').argParser(
        filterOf,
      ),
    )
    .addHelpText(
      'after',
      `
The API key is read from OPENSYNC_API_KEY and needs the scope read. Ctrl-C leaves no file behind.

Examples:
  $ ${COMMAND} export -f deepeval --status golden -o golden.json
  $ ${COMMAND} export -f openai --archive zip --anonymize -o evals.zip
  $ ${COMMAND} export -f markdown --id ses_… | less`,
    )
    .action(async (given: Arguments) => {
      const query: Record<string, string> = { ...given.filter };
      for (const [flags, parameter] of PARAMETERS) {
        const value = given[nameOf(flags)];
        if (typeof value === 'string') query[parameter] = value;
      }
      for (const [flag, parameter, value] of SWITCHES) if (given[nameOf(flag)] === true) query[parameter] = value;
      const wanted = {
        url: given.url ?? (env.OPENSYNC_URL || DEFAULT_URL),
        key: env.OPENSYNC_API_KEY,
        file: given.output,
        overwrite: given.force === true,
        query,
      };
      await run({ ...(given.json && { json: given.json }) }, async (_settings, context) =>
        (await import('./export.ts')).exportSessions(wanted, context),
      );
    });
}

/** `--turn-mode <mode>` is `turnMode`. */
function nameOf(flags: string): string {
  return /--([\w-]+)/.exec(flags)![1]!.replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

function filterOf(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^([\w-]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Expected name=value, such as user=usr_….');
  return { ...before, [name]: value! };
}
