import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsSchema } from '@opensync/platform';
import { OPENSYNC } from '../harness/command.ts';
import { REPOSITORY } from './world.ts';

/** Options of Docker Compose 2.24 that the documents may use, by command. */
const COMPOSE: Readonly<Record<string, readonly string[]>> = {
  up: ['--detach', '--wait', '--build', '--scale'],
  run: ['--rm', '-T'],
  logs: ['--follow'],
  restart: [],
  down: ['--volumes'],
};
/** Variables that are no settings: of the shell, of the plugin of Claude Code, of the tests. */
const OTHER_VARIABLES =
  /^(PATH|BENCH_(ATTACK|EXPORT|DATA_DIR)|CLAUDE_SYNC_(CONVEX_URL|API_KEY)|TEST_(COMPOSE|MONGODB_URL|ELASTICSEARCH_URL|QDRANT_URL))$/;

/** Variables that a command sets and nothing reads. */
export function unknownVariables(command: string): string[] {
  return [...command.matchAll(/(?<![\w$-])([A-Z][A-Z0-9_]+)=/g)]
    .map(([, name]) => name!)
    .filter((name) => !(name in settingsSchema.shape) && !OTHER_VARIABLES.test(name));
}

/** The problem of a command that cannot run here: a program, command, option, service or script that does not exist. */
export function faultsOf(command: string): string[] {
  const words = command
    .replace(/^([A-Z][A-Z0-9_]*=\S*\s+)*/, '')
    .replace(/\s[<>]\s.*$/, '')
    .split(/\s+/);
  if (words[0] === 'npm' && words[1] === 'install') return faultsOfInstall(words.slice(2));
  // A command of npm itself.
  if (/^npm audit( signatures)?$/.test(words.join(' '))) return [];
  if (words[0] === 'npm') return faultsOfNpm(words);
  if (words[0] === 'opensync') return faultsOfOpensync(words.slice(1));
  // A command of Docker itself.
  if (words[0] === 'docker' && words[1] !== 'compose') return [];
  if (words[0] === 'docker') return faultsOfCompose(words.slice(2));
  return [`${words[0]!}: not known here`];
}

function faultsOfNpm(words: readonly string[]): string[] {
  const [script, ...args] = words.slice(words[1] === 'run' ? 2 : 1);
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: object };
  if (!Object.keys(scripts).includes(script!)) return [`npm has no script ${script!}`];
  const options = args.filter((word) => /^--[a-z]/.test(word));
  if (options.length === 0) return [];
  const help = outputOf('npm', ['run', '--silent', script!, '--', '--help']);
  return options.filter((option) => !help.includes(option)).map((option) => `npm run ${script!} has no ${option}`);
}

/** The packages must be those that the tests have. */
function faultsOfInstall(words: readonly string[]): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(REPOSITORY, 'e2e/package.json'), 'utf8')) as {
    dependencies: object;
  };
  const packages = words.filter((word) => !word.startsWith('-'));
  return packages.filter((name) => !Object.hasOwn(dependencies, name)).map((name) => `${name} is not tested`);
}

/** `<command>`, `[store]`, `…` and arguments stand for anything; commands and options must be those of `opensync help`. */
function faultsOfOpensync(words: readonly string[]): string[] {
  const named = words.filter((word, at) => /^[a-z][a-z-]*$/.test(word) && !words[at - 1]?.startsWith('--'));
  const optional = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*/, ''));
  // The last words may be arguments, of a command that takes some.
  let depth = named.length;
  while (depth > 0 && helpOf(named.slice(0, depth)) === undefined) depth--;
  const usage = helpOf(named.slice(0, depth))!;
  const faults = optional.filter((option) => !usage.includes(option)).map((option) => `no option ${option}`);
  const takesMore = depth < named.length && /^Usage: .*\[?<?command\]?>?$/m.test(usage);
  if (takesMore) faults.push(`no command ${named.slice(0, depth + 1).join(' ')}`);
  return faults.map((fault) => `opensync ${words.join(' ')}: ${fault}`);
}

/** The help on a command, absent if there is no such command. */
function helpOf(names: readonly string[]): string | undefined {
  const help = outputOf(process.execPath, [OPENSYNC, 'help', ...names]);
  return help.startsWith(['Usage: opensync', ...names, ''].join(' ')) ? help : undefined;
}

function faultsOfCompose([subcommand, ...args]: readonly string[]): string[] {
  const known = COMPOSE[subcommand!];
  if (!known) return [`docker compose has no command ${subcommand!}`];
  const text = readFileSync(join(REPOSITORY, 'docker-compose.yml'), 'utf8');
  const services = [
    ...text
      .split(/^services:$/m)[1]!
      .split(/^\S/m)[0]!
      .matchAll(/^ {2}([a-z-]+):$/gm),
  ].map(([, name]) => name!);
  const faults: string[] = [];
  for (const [at, word] of args.entries()) {
    if (word === '…') break;
    const service = word.replace(/=\d+$/, '');
    if (word.startsWith('-')) {
      if (!known.includes(word)) faults.push(`docker compose ${subcommand!} has no ${word}`);
    } else if (!services.includes(service)) {
      faults.push(`docker-compose.yml has no service ${service}`);
    } else if (subcommand === 'run') {
      // The rest is for the program in the container.
      const rest = args.slice(at + 1);
      if (service === 'cli') faults.push(...faultsOfOpensync(rest.filter((argument) => argument !== '-')));
      break;
    }
  }
  return faults;
}

const outputs = new Map<string, string>();

/** A program's output, run once for each command line. */
function outputOf(program: string, args: readonly string[]): string {
  const line = [program, ...args].join(' ');
  let output = outputs.get(line);
  if (output === undefined) {
    output = spawnSync(program, [...args], { cwd: REPOSITORY, encoding: 'utf8' }).stdout;
    outputs.set(line, output);
  }
  return output;
}
