import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DocumentedCommand {
  /** Relative to the repository, e.g. `docs/services.md`. */
  readonly document: string;
  readonly line: number;
  /** Without its comment. */
  readonly text: string;
  /** In a block of commands to paste, or in a sentence. */
  readonly place: 'block' | 'sentence';
}

const SHELL_FENCE = /^(sh|bash|shell|console|zsh)$/;
/** Words that begin a command, after assignments such as `PORT=1`. Alone in a sentence such a word is only a name. */
const PROGRAM =
  /^(npm|npx|yarn|pnpm|node|opensync|docker|curl|git|go|brew|nats|sysctl|umask|export|sh|cd|kubectl|claude-code-sync|deploy\/\S+\.sh)(\s+[\w$'".\/<-]|$)/;
const ASSIGNMENTS = /^([A-Z][A-Z0-9_]*=\S*\s+)*/;

/** Every document that a person reads. */
export function documentsOf(repository: string): string[] {
  const markdown = (folder: string) =>
    readdirSync(join(repository, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  return [
    ...markdown('.'),
    ...markdown('docs'),
    ...markdown('docs/adr'),
    ...markdown('docs/runbooks'),
    ...markdown('bench'),
  ].sort();
}

export function commandsOf(repository: string, document: string): DocumentedCommand[] {
  const found: DocumentedCommand[] = [];
  let fence: string | undefined;
  let open: { text: string; line: number } | undefined;
  for (const [index, content] of readFileSync(join(repository, document), 'utf8').split('\n').entries()) {
    const line = index + 1;
    const add = (text: string, place: DocumentedCommand['place']) => found.push({ document, line, text, place });
    const marker = /^\s*```(\S*)/.exec(content);
    if (marker) {
      fence = fence === undefined ? marker[1]! : undefined;
    } else if (fence === undefined) {
      for (const [, code] of content.matchAll(/`([^`]+)`/g)) if (isCommand(code!)) add(code!.trim(), 'sentence');
    } else if (SHELL_FENCE.test(fence)) {
      const text = `${open?.text ?? ''}${withoutComment(content)}`;
      if (text.endsWith('\\')) {
        open = { text: `${text.slice(0, -1).trimEnd()} `, line: open?.line ?? line };
        continue;
      }
      if (text !== '') found.push({ document, line: open?.line ?? line, text, place: 'block' });
      open = undefined;
    } else if (isCommand(content)) {
      // Commands in a block of another kind would go unnoticed.
      throw new Error(`${document}:${line}: a command in a block that is not marked as sh`);
    }
  }
  return found;
}

function isCommand(text: string): boolean {
  const command = text.trim().replace(ASSIGNMENTS, '');
  return PROGRAM.test(command) && (/\s/.test(command) || command.endsWith('.sh'));
}

/** A comment begins at the start of the line or after two blanks, so that `#` inside a word stays. */
function withoutComment(line: string): string {
  return line.replace(/(^|\s{1,})#\s.*$/, '').trim();
}
