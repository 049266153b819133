import type { Option } from 'commander';
import type { Settings } from '@opensync/platform';
import type { Output } from './output.ts';

/** Arguments that every command has. */
export interface CommonArguments {
  readonly dataDir?: string;
  readonly json?: true;
}

/** What a command needs beside its settings and arguments. */
export interface CommandContext {
  /** Whether it prints JSON, for scripts. */
  readonly json: boolean;
  readonly output: Output;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What the declarations of commands share. */
export interface SharedSyntax {
  /** Options that every command has; a new one on each call. */
  readonly dataDir: () => Option;
  readonly json: () => Option;
  readonly targetHelp: string;
  /**
   * Does the work of a command, which resolves with the exit code. It imports its module only then, so that `opensync
   * --help` does not wait for a web server to load.
   */
  readonly run: (
    options: CommonArguments,
    work: (settings: Settings, context: CommandContext) => Promise<number>,
  ) => Promise<void>;
}
