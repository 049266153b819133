/**
 * What agents put around or in place of what a person typed, so that a title can be made of the person's words alone. The
 * names come from the transcripts of the agents; what they have in common is recognised, too, as agents add new ones.
 */

/** Blocks in which an agent wraps what the person typed: their content counts. */
const PERSON = new Set([
  'user_query',
  'user_request',
  'userrequest',
  'user_message',
  'user_prompt',
  'user_input',
  'user_task',
  'human',
  'human_message',
  'user',
  'task',
  'query',
  'question',
  'prompt',
  'request',
  'feedback',
  'answer',
  'message',
  'objective',
  'session_request',
]);

/** Blocks that agents write, and whose names could be those of markup that a person pasted. */
const AGENT = new Set([
  'attachments',
  'caveat',
  'context',
  'file',
  'files',
  'document',
  'documents',
  'environment',
  'env',
  'info',
  'instructions',
  'memories',
  'memory',
  'metadata',
  'permissions',
  'reminder',
  'rules',
  'selection',
  'skill',
  'skills',
  'system',
  'timestamp',
  'workspace',
]);

/** Of the blocks with a separator in their name, those that also stand in the middle of a text. Others do at its ends alone. */
const INLINE =
  /<((?:system|local|ide|user-prompt-submit|bash|task|editor|environment|turn|background)[_-][\w-]+|command-(?:name|message|args|contents))(?:\s[^<>]*)?>/gi;

const OPENING = /^<([a-z][\w.:-]*)(?:\s[^<>]*)?(\/?)>/i;

/** The name with its separators and case made alike. */
function keyOf(name: string): string {
  return name.toLowerCase().replaceAll(/[.:-]/g, '_');
}

/** Whether a block is an agent's by its name: known, or with a separator in it, which HTML elements do not have. */
function isAgents(name: string): boolean {
  return AGENT.has(keyOf(name)) || /[_:-]/.test(name);
}

/** Wrappers in wrappers are looked into this deep: text that is nothing but opening tags must not cost more than its length. */
const MAX_DEPTH = 4;

/**
 * The text without the blocks that an agent has written, and what the person typed out of those that wrap it. One that is
 * not closed goes on to the end.
 */
export function withoutWrappers(text: string, depth = 0): string {
  if (depth === MAX_DEPTH) return '';
  // Most texts have no markup at all.
  return text.includes('<') ? withoutInline(withoutLeading(text.trim(), depth)).trim() : text.trim();
}

function withoutLeading(text: string, depth: number): string {
  let rest = text;
  for (;;) {
    const opening = OPENING.exec(rest);
    if (!opening) return rest;
    const [tag, name, selfClosing] = opening as unknown as [string, string, string];
    const isPersons = PERSON.has(keyOf(name));
    if (!isPersons && !isAgents(name)) return rest;
    if (selfClosing) {
      rest = rest.slice(tag.length).trimStart();
      continue;
    }
    const { content, after } = blockAfter(rest, tag.length, name);
    if (isPersons) {
      const typed = withoutWrappers(content, depth + 1);
      if (typed !== '') return typed;
    }
    rest = after.trimStart();
  }
}

function withoutInline(text: string): string {
  let kept = '';
  let at = 0;
  INLINE.lastIndex = 0;
  for (let match = INLINE.exec(text); match; match = INLINE.exec(text)) {
    kept += `${text.slice(at, match.index)} `;
    const closing = endOf(text, match.index + match[0].length, match[1]!);
    at = closing?.end ?? text.length;
    INLINE.lastIndex = at;
    if (!closing) break;
  }
  return kept + text.slice(at);
}

function blockAfter(text: string, start: number, name: string): { readonly content: string; readonly after: string } {
  const closing = endOf(text, start, name);
  if (!closing) return { content: text.slice(start), after: '' };
  return { content: text.slice(start, closing.start), after: text.slice(closing.end) };
}

/** Where the closing tag of a block begins and ends; agents write the attributes of some into it ("</permissions x>"). */
function endOf(text: string, from: number, name: string): { readonly start: number; readonly end: number } | undefined {
  const start = text.indexOf(`</${name}`, from);
  if (start < 0) return undefined;
  const end = text.indexOf('>', start);
  return { start, end: end < 0 ? text.length : end + 1 };
}
