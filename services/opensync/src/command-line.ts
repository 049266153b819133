import { readFileSync } from 'node:fs';
import { ConfigError, unknownSettings } from '@opensync/platform';
import { NatsServerError } from '@opensync/platform/nats-server';
import { CommanderError } from 'commander';
import { terminal } from './cli/output.ts';
import { createProgram, type Commands } from './cli/program.ts';

// Each command is loaded when it runs: `opensync --help` should not wait for a web server to load.
const commands: Commands = {
  start: async (settings) => (await import('./start.ts')).start(settings, terminal),
  createKey: async (settings, key, json) =>
    (await import('./cli/keys.ts')).createKey(settings, key, { json, output: terminal }),
  listKeys: async (settings, json) =>
    (await import('./cli/keys.ts')).listKeys(settings, { json, output: terminal, now: Date.now() }),
  revokeKey: async (settings, id) => (await import('./cli/keys.ts')).revokeKey(settings, id, { output: terminal }),
  listUsers: async (settings, json) => (await import('./cli/users.ts')).listUsers(settings, { json, output: terminal }),
  addUser: async (settings, user, json) =>
    (await import('./cli/users.ts')).addUser(settings, user, { json, output: terminal }),
  changeUser: async (settings, user, change, json) =>
    (await import('./cli/users.ts')).changeUser(settings, user, change, { json, output: terminal }),
  removeUser: async (settings, user, json) =>
    (await import('./cli/users.ts')).removeUser(settings, user, { json, output: terminal }),
  listWorkspaces: async (settings, json) =>
    (await import('./cli/workspaces.ts')).listWorkspaces(settings, { json, output: terminal }),
  addWorkspace: async (settings, workspace, json) =>
    (await import('./cli/workspaces.ts')).addWorkspace(settings, workspace, { json, output: terminal }),
  renameWorkspace: async (settings, change, json) =>
    (await import('./cli/workspaces.ts')).renameWorkspace(settings, change, { json, output: terminal }),
  listMembers: async (settings, workspace, json) =>
    (await import('./cli/workspaces.ts')).listMembers(settings, workspace, { json, output: terminal }),
  addMember: async (settings, member, json) =>
    (await import('./cli/workspaces.ts')).addMember(settings, member, { json, output: terminal }),
  setRole: async (settings, member, json) =>
    (await import('./cli/workspaces.ts')).setRole(settings, member, { json, output: terminal }),
  removeMember: async (settings, member, json) =>
    (await import('./cli/workspaces.ts')).removeMember(settings, member, { json, output: terminal }),
  status: async (settings, json) => (await import('./cli/status.ts')).status(settings, { json, output: terminal }),
  doctor: async (settings, json) => (await import('./cli/doctor.ts')).doctor(settings, { json, output: terminal }),
  listDeadLetters: async (settings, query, json) =>
    (await import('./cli/dead-letters.ts')).listDeadLetters(settings, query, { json, output: terminal }),
  showDeadLetter: async (settings, id, json) =>
    (await import('./cli/dead-letters.ts')).showDeadLetter(settings, id, { json, output: terminal }),
  replayDeadLetters: async (settings, selection, json) =>
    (await import('./cli/dead-letters.ts')).replayDeadLetters(settings, selection, { json, output: terminal }),
  dropDeadLetters: async (settings, selection, json) =>
    (await import('./cli/dead-letters.ts')).dropDeadLetters(settings, selection, { json, output: terminal }),
  rebuild: async (settings, stores, options, json) =>
    (await import('./cli/rebuild.ts')).rebuild(settings, stores, options, { json, output: terminal }),
  cleanGenerations: async (settings, store, json) =>
    (await import('./cli/rebuild.ts')).cleanGenerations(settings, store, { json, output: terminal }),
  exportLog: async (settings, options, json) =>
    (await import('./cli/transfer.ts')).exportLog(settings, options, { json, output: terminal }),
  importLog: async (settings, options, json) =>
    (await import('./cli/transfer.ts')).importLog(settings, options, { json, output: terminal }),
};

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
for (const line of unknownSettings(process.env)) terminal.note(`opensync: ${line}`);
let exitCode = 0;
// A reader may be gone before the end, as in `opensync status | head`, or a terminal: the command ends in good order then.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE' && code !== 'EIO') exitCode = 1;
  });
}
const program = createProgram(commands, {
  env: process.env,
  version,
  now: Date.now,
  onExitCode: (code) => (exitCode = code),
});
try {
  await program.parseAsync();
} catch (error) {
  exitCode = 1;
  if (error instanceof CommanderError) exitCode = error.exitCode;
  else terminal.note(problemOf(error));
}
// Whatever a library still holds open must not keep a finished command from ending.
process.exit(exitCode);

/** What went wrong, for who runs it; where it went wrong only for who looks for a bug. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return `opensync: ${String(error)}`;
  const expected = error instanceof ConfigError || error instanceof NatsServerError;
  const wantsStack = ['debug', 'trace'].includes(process.env.LOG_LEVEL ?? '');
  if (expected || !wantsStack) return `opensync: ${error.message || error.name}`;
  return `opensync: ${error.stack ?? error.message}`;
}
