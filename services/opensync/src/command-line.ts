import { readFileSync } from 'node:fs';
import { ConfigError, unknownSettings } from '@opensync/platform';
import { NatsServerError } from '@opensync/nats-server';
import { CommanderError } from 'commander';
import { terminal } from './cli/output.ts';
import { createProgram } from './cli/program.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
for (const line of unknownSettings(process.env)) terminal.note(`opensync: ${line}`);
let exitCode = 0;
// A reader may disappear, as in `opensync status | head`, or a terminal: the command then ends cleanly.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE' && code !== 'EIO') exitCode = 1;
  });
}
const program = createProgram({
  env: process.env,
  version,
  now: Date.now,
  output: terminal,
  start: async (settings) => (await import('./start.ts')).start(settings, terminal),
  onExitCode: (code) => (exitCode = code),
});
try {
  await program.parseAsync();
} catch (error) {
  exitCode = 1;
  if (error instanceof CommanderError) exitCode = error.exitCode;
  else terminal.note(problemOf(error));
}
// Handles that a library still holds must not keep a finished command from exiting.
process.exit(exitCode);

/** The error for the user; with a stack only for debugging. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return `opensync: ${String(error)}`;
  const expected = error instanceof ConfigError || error instanceof NatsServerError;
  const wantsStack = ['debug', 'trace'].includes(process.env.LOG_LEVEL ?? '');
  if (expected || !wantsStack) return `opensync: ${error.message || error.name}`;
  return `opensync: ${error.stack ?? error.message}`;
}
