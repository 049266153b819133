// Whether `opensync start` would refuse these arguments or a setting, in the words of the command line itself. Runs from the
// sources while those are built: nobody should wait for a build to learn of a misspelled setting.
import { ConfigError } from '@opensync/platform';
import { CommanderError } from 'commander';
import { createProgram } from '../services/opensync/src/cli/program.ts';

/** The exit code for that; with any other one the check itself has failed, and the start continues. */
const REFUSED = 78;

const program = createProgram({
  env: process.env,
  version: '',
  now: Date.now,
  output: { print: () => undefined, note: () => undefined },
  start: () => Promise.resolve(0),
  onExitCode: () => undefined,
});
for (const command of [program, ...program.commands]) command.exitOverride();
try {
  await program.parseAsync(['start', ...process.argv.slice(2)], { from: 'user' });
} catch (error) {
  if (error instanceof ConfigError) console.error(`opensync: ${error.message}`);
  else if (!(error instanceof CommanderError)) throw error;
  // Help that was asked for is no refusal.
  process.exitCode = error.exitCode === 0 ? 0 : REFUSED;
}
