import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_SCOPES, SCOPES, type Scope } from '@opensync/contracts';
import { loadSettings, type Settings } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import { durationOf, expiryOf } from './expiry.ts';
import type { Output } from './output.ts';
import { emailOf, workspaceNameOf } from './people-syntax.ts';
import { addExport } from './program.export.ts';
import { addBackups } from './program.backup.ts';
import { addMaintenance } from './program.maintenance.ts';
import { addMcp } from './program.mcp.ts';
import { addModels } from './program.models.ts';
import { addTail } from './program.tail.ts';
import { addUsage } from './program.usage.ts';
import { addWrapped } from './program.wrapped.ts';
import { addPeople } from './program.people.ts';
import type { CommonArguments, SharedSyntax } from './shared-syntax.ts';

export interface CreateKeyOptions {
  readonly user: string;
  readonly name: string;
  /** Name or id; default the one that every installation starts with. */
  readonly workspace: string | undefined;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number | undefined;
}

export interface ProgramContext {
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly now: () => number;
  readonly output: Output;
  /** Runs the all-in-one. A check of arguments and settings passes another function. */
  readonly start: (settings: Settings) => Promise<number>;
  /** Receives the exit code of the command that ran. */
  readonly onExitCode: (code: number) => void;
}

const TARGET_HELP = `
If NATS_URL is set, the command works on those servers. Otherwise it works on the OpenSync in the data folder, running or not.`;

/** The command line. Settings come from the environment; options override it. */
export function createProgram({ env, version, now, output, start, onExitCode }: ProgramContext): Command {
  const program = new Command('opensync')
    .description('Stores every AI coding session of a team and makes it searchable for people and agents.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    // As in every other message.
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'opensync: ')) })
    .addHelpText(
      'after',
      `
Examples:
  $ ${COMMAND} start                                   start everything; the first start creates the API keys
  $ ${COMMAND} keys create --user ada@example.com --name laptop
  $ ${COMMAND} status                                  show what is stored and how far the indexes are
  $ ${COMMAND} doctor                                  check each part and show how to fix problems

Settings are environment variables; the README lists them.`,
    );

  program
    .command('version')
    .description('print the version')
    .action(() => program.configureOutput().writeOut!(`${version}\n`));

  const settingsFrom = (overrides: Record<string, string | undefined>): Settings =>
    loadSettings({
      ...env,
      ...Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined)),
    });
  const dataDir = () => new Option('-d, --data-dir <folder>', 'data folder (OPENSYNC_DATA_DIR, default ~/.opensync)');
  const json = () => new Option('--json', 'print JSON, for scripts');
  const run: SharedSyntax['run'] = async ({ dataDir: folder, json: asJson }, work) => {
    const context = { json: asJson === true, output, now: now() };
    const settings = settingsFrom({ OPENSYNC_DATA_DIR: folder });
    const { withLocalModel } = await import('../models/local-model.ts');
    onExitCode(await work(withLocalModel(settings), context));
  };

  program
    .command('start')
    .description('start the all-in-one: event log, ingest, projector, embedder and query on one port')
    .option('-p, --port <port>', 'port of the HTTP API; 0 picks a free one (PORT, default 3211)')
    .option('--host <address>', 'address to listen on (HOST, default localhost)')
    .addOption(dataDir())
    .addHelpText(
      'after',
      `
Ctrl-C finishes the requests in progress, then stops. A second Ctrl-C stops immediately.

Examples:
  $ ${COMMAND} start
  $ ${COMMAND} start --port 8080 --data-dir /srv/opensync
  $ OPENSYNC_BOOTSTRAP_KEY=osk_… ${COMMAND} start      use this API key, an admin's, as the first one`,
    )
    .action(async (options: { port?: string; host?: string; dataDir?: string }) => {
      const overrides = { PORT: options.port, HOST: options.host, OPENSYNC_DATA_DIR: options.dataDir };
      onExitCode(await start(settingsFrom(overrides)));
    });

  const keys = program
    .command('keys')
    .description('create, list, rotate and revoke API keys')
    .addHelpText('after', TARGET_HELP);
  keys
    .command('create')
    .description('create an API key and print it; only its hash is stored')
    .requiredOption(
      '-u, --user <email>',
      'owner of the sessions that the key writes and reads; a new e-mail adds a user',
      emailOf,
    )
    .requiredOption('-n, --name <name>', 'what the key is for, such as the machine')
    .option(
      '-w, --workspace <name>',
      'workspace of the key; a new name creates a workspace (default: the one that every installation has, at first named default)',
      workspaceOf,
    )
    .addOption(
      new Option('-s, --scopes <list>', `any of ${SCOPES.join(', ')}, separated by commas`)
        .argParser(scopesOf)
        .default(DEFAULT_SCOPES, DEFAULT_SCOPES.join(',')),
    )
    .option('-e, --expires <when>', '12h, 30d, 52w or a date such as 2027-01-31 (default: never)')
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `${TARGET_HELP}

Examples:
  $ ${COMMAND} keys create --user ada@example.com --name laptop
  $ ${COMMAND} keys create --user ci@example.com --name export --scopes read --expires 90d --json`,
    )
    .action(async (options: CreateArguments) => {
      const key: CreateKeyOptions = {
        user: options.user,
        name: options.name,
        workspace: options.workspace,
        scopes: options.scopes,
        expiresAt: options.expires === undefined ? undefined : expiryOf(options.expires, now()),
      };
      await run(options, async (settings, context) => (await import('./keys.ts')).createKey(settings, key, context));
    });
  keys
    .command('list')
    .description('list API keys (ids and names, never the keys)')
    .addOption(dataDir())
    .addOption(json())
    .action(async (options: CommonArguments) => {
      await run(options, async (settings, context) => (await import('./keys.ts')).listKeys(settings, context));
    });
  keys
    .command('rotate')
    .description('print a new API key in place of another one, which stays valid for a while')
    .argument('<id>', 'id of the key, from `opensync keys list`')
    .addOption(
      new Option('-o, --overlap <duration>', 'how long the former key stays valid: 0h, 12h, 30d; 30 days at most')
        .argParser(overlapOf)
        .default(24 * 3_600_000, '24h'),
    )
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      'after',
      `${TARGET_HELP}
The new key has the user, the name, the scopes and the expiry of the former one.

Examples:
  $ ${COMMAND} keys rotate key_…
  $ ${COMMAND} keys rotate key_… --overlap 7d --json`,
    )
    .action(async (id: string, options: CommonArguments & { overlap: number }) => {
      const wanted = { id, overlapMs: options.overlap };
      await run(options, async (settings, context) => (await import('./keys.ts')).rotateKey(settings, wanted, context));
    });
  keys
    .command('revoke')
    .description('revoke an API key; requests with it are rejected from then on')
    .argument('<id>', 'id of the key, from `opensync keys list`')
    .addOption(dataDir())
    .action(async (id: string, options: CommonArguments) => {
      await run(options, async (settings, context) => (await import('./keys.ts')).revokeKey(settings, id, context));
    });

  const shared = { dataDir, json, targetHelp: TARGET_HELP, run };
  addPeople(program, shared);
  addWrapped(program, shared);
  addUsage(program, shared);

  program
    .command('status')
    .description("show what is stored, where, and each consumer's progress")
    .addOption(dataDir())
    .addOption(json())
    .addHelpText('after', TARGET_HELP)
    .action(async (options: CommonArguments) => {
      await run(options, async (settings, context) => (await import('./status.ts')).status(settings, context));
    });
  program
    .command('doctor')
    .description('check each part and show how to fix problems; exit code 1 if a check fails')
    .addOption(dataDir())
    .addOption(json())
    .addHelpText('after', TARGET_HELP)
    .action(async (options: CommonArguments) => {
      await run(options, async (settings, context) => (await import('./doctor.ts')).doctor(settings, context));
    });
  addExport(program, env, shared);
  addMaintenance(program, shared);
  addBackups(program, shared);
  addMcp(program, env, onExitCode);
  addModels(program, shared);
  addTail(program, { env, output, onExitCode });
  addHelp(program);
  return program;
}

/** `help` for commands at any depth, and a hint after an error. */
function addHelp(program: Command): void {
  program
    .command('help')
    .description('print the help of a command')
    .argument('[command...]', 'such as: keys create')
    .action((names: readonly string[]) => {
      let found = program;
      for (const name of names) {
        const next = found.commands.find((command) => command.name() === name);
        if (!next) return found.error(`error: unknown command '${names.join(' ')}'`);
        found = next;
      }
      found.outputHelp();
    });
  const describeErrors = (command: Command, path: string): void => {
    const lists = command.commands.length > 0 ? 'commands' : 'options';
    command.showHelpAfterError(`(${path} --help lists the ${lists})`);
    if (command.commands.length > 0 && command !== program) command.helpCommand(false);
    for (const sub of command.commands) describeErrors(sub, `${path} ${sub.name()}`);
  };
  describeErrors(program, COMMAND);
}

interface CreateArguments extends CommonArguments {
  readonly user: string;
  readonly name: string;
  readonly workspace?: string;
  readonly scopes: readonly Scope[];
  readonly expires?: string;
}

function scopesOf(list: string): Scope[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(SCOPES as readonly string[]).includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is not one of ${SCOPES.join(', ')}.`);
  return [...new Set(names as Scope[])];
}

function overlapOf(text: string): number {
  const duration = durationOf(text);
  if (duration !== undefined) return duration;
  throw new InvalidArgumentError('Expected a duration such as 12h or 7d, or 0h.');
}

/** The id of an existing workspace is accepted as well. */
function workspaceOf(text: string): string {
  return text.startsWith('wsp_') ? text : workspaceNameOf(text);
}
