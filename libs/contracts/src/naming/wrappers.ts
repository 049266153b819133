/**
 * Text that agents put around or instead of the person's typed text, so that a title contains only the person's
 * words. The names come from transcripts of the agents; common patterns are recognised too, because agents add new
 * names.
 */

/** Blocks in which an agent wraps the typed text: their content counts. */
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

/** Blocks that agents write, with names that could also be markup pasted by a person. */
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

/** Blocks with a separator in their name that may also occur in the middle of a text. Others occur only at its ends. */
const INLINE =
  /<((?:system|local|ide|user-prompt-submit|bash|task|editor|environment|turn|background)[_-][\w-]+|command-(?:name|message|args|contents))(?:\s[^<>]*)?>/gi;

const OPENING = /^<([a-z][\w.:-]*)(?:\s[^<>]*)?(\/?)>/i;

/** The name with separators and case normalised. */
function keyOf(name: string): string {
  return name.toLowerCase().replaceAll(/[.:-]/g, '_');
}

/** Whether a block name is an agent's: it is known, or contains a separator, which HTML elements do not have. */
function isAgents(name: string): boolean {
  return AGENT.has(keyOf(name)) || /[_:-]/.test(name);
}

/** Maximum depth of nested wrappers: text of nothing but opening tags must not cost more than its length. */
const MAX_DEPTH = 4;

/**
 * The text without blocks that an agent wrote, and with the typed text unwrapped. An unclosed block extends to the
 * end.
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

/** Where the closing tag of a block begins and ends; some agents repeat attributes in it ("</permissions x>"). */
function endOf(text: string, from: number, name: string): { readonly start: number; readonly end: number } | undefined {
  const start = text.indexOf(`</${name}`, from);
  if (start < 0) return undefined;
  const end = text.indexOf('>', start);
  return { start, end: end < 0 ? text.length : end + 1 };
}
