import type { Command } from 'commander';
import { COMMAND } from './command-name.ts';
import type { Output } from './output.ts';

const DEFAULT_URL = 'http://localhost:3211';

/** The options that are parameters of `GET /api/live`, by their names there. */
const FILTERS = [
  ['source', '<name>', 'only sessions of this tool, such as claude-code'],
  ['project', '<name>', 'only of this project: its name or its full path'],
  ['session', '<id>', 'only this session, by the id that OpenSync or its plugin assigned'],
  ['model', '<name>', 'only of this model'],
  ['provider', '<name>', 'only of models of this provider'],
  ['user', '<id>', 'only of this member of the workspace'],
  ['tag', '<tag>', 'only with this tag'],
  ['kinds', '<list>', 'any of session, message, receipt, separated by commas (default: session,message)'],
] as const;

type TailArguments = Readonly<Partial<Record<(typeof FILTERS)[number][0] | 'url', string>>> & {
  readonly json?: boolean;
};

/** Adds the command that shows what changes, as it changes. */
export function addTail(
  program: Command,
  { env, output, onExitCode }: { env: NodeJS.ProcessEnv; output: Output; onExitCode: (code: number) => void },
): void {
  const command = program
    .command('tail')
    .description('show sessions and messages of a running server as they arrive, until Ctrl-C')
    .option('-u, --url <url>', `the server (OPENSYNC_URL, default ${DEFAULT_URL})`);
  for (const [name, value, help] of FILTERS) command.option(`--${name} ${value}`, help);
  command
    .option('--json', 'print a line of JSON for each event, for scripts')
    .addHelpText(
      'after',
      `
The API key is read from OPENSYNC_API_KEY and needs the scope read. A connection that breaks is continued where it was.
Colours are off if the output is no terminal, or NO_COLOR is set.

Examples:
  $ OPENSYNC_API_KEY=osk_… ${COMMAND} tail
  $ OPENSYNC_API_KEY=osk_… ${COMMAND} tail --project api --kinds message
  $ OPENSYNC_API_KEY=osk_… ${COMMAND} tail --json | jq .data.title`,
    )
    .action(async ({ url, json = false, ...filters }: TailArguments) => {
      const ending = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
      // As in `opensync tail | head`.
      process.stdout.once('error', () => ending.abort());
      const wanted = { url: url ?? (env.OPENSYNC_URL || DEFAULT_URL), key: env.OPENSYNC_API_KEY, json, filters };
      const isColoured = process.stdout.isTTY === true && !env.NO_COLOR;
      const { tail } = await import('./tail.ts');
      onExitCode(await tail(wanted, { output, isColoured, signal: ending.signal }));
    });
}
