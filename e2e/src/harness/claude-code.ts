import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promptOf, resultText, toolResultsOf, toolUsesOf, type ToolUse, type TranscriptLine } from './transcript.ts';

/** The installed command of the npm package `claude-code-sync`. */
const PLUGIN = join(dirname(createRequire(import.meta.url).resolve('claude-code-sync/package.json')), 'dist/cli.js');

type HookEvent = 'SessionStart' | 'UserPromptSubmit' | 'PostToolUse' | 'Stop' | 'SessionEnd';

export interface PluginRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Claude Code as the plugin sees it: it keeps a transcript and calls the plugin's hooks, each a process of its own. */
export class ClaudeCode {
  readonly #env: NodeJS.ProcessEnv;
  readonly #home: string;

  /** @param home an empty folder that stands for the user's home */
  constructor(target: { url: string; key: string }, home: string) {
    this.#home = home;
    this.#env = {
      PATH: process.env.PATH,
      HOME: home,
      CLAUDE_SYNC_CONVEX_URL: target.url,
      CLAUDE_SYNC_API_KEY: target.key,
    };
  }

  /**
   * Replays the transcript: appends each line as it once was, and calls the hooks at the lines where Claude Code
   * calls them.
   * @throws if the plugin reports that anything could not be synced
   */
  async replay(lines: readonly TranscriptLine[]): Promise<void> {
    const sessionId = lines.find((line) => line.sessionId)!.sessionId!;
    const cwd = lines.find((line) => line.cwd)!.cwd!;
    const transcript = join(this.#home, '.claude/projects', basename(cwd), `${sessionId}.jsonl`);
    await mkdir(dirname(transcript), { recursive: true });
    await writeFile(transcript, '');
    const hook = (event: HookEvent, fields: object) =>
      this.#hook(event, { session_id: sessionId, transcript_path: transcript, cwd, hook_event_name: event, ...fields });

    await hook('SessionStart', { source: 'startup' });
    const started = new Map<string, ToolUse>();
    let answering = false;
    for (const line of lines) {
      const prompt = promptOf(line);
      if (prompt !== undefined) {
        if (answering) await hook('Stop', { stop_hook_active: false });
        await hook('UserPromptSubmit', { prompt });
        answering = true;
      }
      await appendFile(transcript, `${line.raw}\n`);
      for (const use of toolUsesOf(line)) started.set(use.id, use);
      for (const result of toolResultsOf(line)) {
        const use = started.get(result.tool_use_id);
        if (!use) continue;
        const output = resultText(result);
        await hook('PostToolUse', {
          tool_name: use.name,
          tool_input: use.input,
          tool_use_id: use.id,
          tool_response: output,
          // The name under which this version of the plugin reads it.
          tool_result: result.is_error ? { error: output } : { output },
        });
      }
    }
    await hook('Stop', { stop_hook_active: false });
    await hook('SessionEnd', { reason: 'prompt_input_exit' });
  }

  /** Runs any command of the plugin, e.g. `synctest`. */
  async run(...args: string[]): Promise<PluginRun> {
    return this.#spawn(args, '');
  }

  async #hook(event: HookEvent, input: object): Promise<void> {
    const { code, stderr } = await this.#spawn(['hook', event], inAscii(input));
    // It never fails, so as not to stop Claude Code: errors are only on stderr.
    if (code !== 0 || stderr !== '') throw new Error(`claude-code-sync hook ${event} exited ${code}: ${stderr}`);
  }

  async #spawn(args: readonly string[], input: string): Promise<PluginRun> {
    const child = spawn(process.execPath, [PLUGIN, ...args], { env: this.#env, cwd: this.#home });
    const exit = once(child, 'exit');
    child.stdin.end(input);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await exit) as [number | null];
    return { code: code ?? -1, stdout, stderr };
  }
}

/** JSON, with escapes: the plugin reads its input in pieces, and breaks a character whose bytes lie in two of them. */
function inAscii(input: object): string {
  return JSON.stringify(input).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
