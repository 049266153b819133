import type { PartSynced } from '../events/schemas.ts';
import { findHostileValue } from './hostile.ts';
import { kindOf } from './readers.ts';
import type { Reading } from './reading.ts';

type Content = Exclude<PartSynced['content'], undefined>;
/** A part as the rest of the product knows it. */
export interface NormalizedPart {
  readonly type: string;
  readonly content?: Content;
}

type Fields = Readonly<Record<string, Content>>;

/** What is beyond this is left out. */
const MOST_PARTS = 10_000;

/** The parts of a message in any of the forms that clients send; one that cannot be used costs only itself. */
export function readParts(sent: unknown, reading: Reading): NormalizedPart[] | undefined {
  if (sent === undefined) return undefined;
  const list = Array.isArray(sent)
    ? (sent as readonly unknown[])
    : typeof sent === 'object' || typeof sent === 'string'
      ? [sent]
      : undefined;
  if (list === undefined) {
    reading.warn('parts', 'parts', 'wrong-type', `left out: expected a list, not ${kindOf(sent)}`);
    return undefined;
  }
  if (list.length > MOST_PARTS) reading.warn('parts', 'parts', 'too-many', `left out: parts beyond ${MOST_PARTS}`);
  return list.slice(0, MOST_PARTS).flatMap((part, at) => readPart(part, `parts.${at}`, reading) ?? []);
}

function readPart(part: unknown, path: string, reading: Reading): NormalizedPart | undefined {
  const hostile = findHostileValue(part);
  if (hostile || part === null || typeof part === 'number' || typeof part === 'boolean' || Array.isArray(part)) {
    reading.warn('parts', path, 'not-a-part', `left out: ${hostile?.message ?? 'not a part'}`);
    return undefined;
  }
  if (typeof part === 'string') return { type: 'text', content: part };
  const fields = part as Fields & { readonly text?: unknown };
  const type = typeof fields.type === 'string' && fields.type !== '' ? fields.type : undefined;
  return normalizePart({ ...fields, type: type ?? (typeof fields.text === 'string' ? 'text' : 'other') });
}

/** The names that plugins have for the same kinds of part. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['tool_use', 'tool-call'],
  ['tool-use', 'tool-call'],
  ['tool_call', 'tool-call'],
  ['tool', 'tool-call'],
  ['tool_result', 'tool-result'],
  ['thinking', 'reasoning'],
]);

/** Our names for what a tool call says, and those that plugins have, in the order in which they are believed. */
const CALL_NAMES = {
  toolName: ['toolName', 'name', 'tool'],
  args: ['args', 'input', 'arguments', 'parameters', 'content'],
  result: ['result', 'output'],
} as const;
/** Under which a part may hold what it says, the innermost last; `function` is OpenAI's, `state` OpenCode's. */
const WRAPPERS = ['content', 'function', 'state'];

/**
 * One part in our form, from any of the forms that plugins send: content nested (`content: {toolName, args}`) or
 * flat (`toolName, args` beside `type`), text as a string or as `{text}` or `{content}`. Text, reasoning and
 * textual tool results become a string; tool calls become {toolName, args?, result?}. Whatever else is there stays beside
 * those as it was sent: ids, errors, what is not recognised. Null says nothing, as everywhere.
 */
export function normalizePart(part: { type: string } & Record<string, unknown>): NormalizedPart {
  const { type: sentType, ...rest } = part as { type: string } & Fields;
  const type = TYPES.get(sentType) ?? sentType;
  const fields = withoutNulls(rest);
  switch (type) {
    case 'text':
    case 'reasoning':
      return { type, content: textOf(fields) };
    case 'tool-call':
      return { type, content: toolCallOf(fields) };
    case 'tool-result':
      return { type, content: toolResultOf(fields) };
    default:
      return { type, content: onlyContentOf(fields) ?? fields };
  }
}

/** The words alone: what stands beside them (signatures, cache hints) is for the model, not for readers. */
function textOf(fields: Fields): Content {
  const { text, content, thinking } = fields;
  const value = content ?? text ?? thinking;
  if (value === undefined) return Object.keys(fields).length === 0 ? '' : fields;
  if (!isRecord(value)) return value;
  return value.text ?? value.content ?? value;
}

function toolCallOf(part: Fields): Content {
  const fields = unwrapped(part);
  const call: Record<string, Content> = { toolName: 'unknown' };
  for (const [ours, names] of Object.entries(CALL_NAMES)) {
    const name = names.find((candidate) => fields[candidate] !== undefined && fields[candidate] !== '');
    if (name === undefined) continue;
    call[ours] = fields[name]!;
    delete fields[name];
  }
  return { ...fields, ...call };
}

/** The part with what it wraps beside its own fields; those of the same name that say something else are its `outer` ones. */
function unwrapped(part: Fields): Record<string, Content> {
  const wrapped = WRAPPERS.flatMap((name) => {
    const value = part[name];
    return isRecord(value) ? [[name, withoutNulls(value)] as const] : [];
  });
  const own = Object.entries(part).filter(([name]) => !wrapped.some(([wrapper]) => wrapper === name));
  const fields: Record<string, Content> = {};
  const outer: Record<string, Content> = {};
  for (const [name, value] of [...own, ...wrapped.flatMap(([, inner]) => Object.entries(inner))]) {
    if (Object.hasOwn(fields, name) && fields[name] !== value) outer[name] = fields[name]!;
    fields[name] = value;
  }
  return Object.keys(outer).length === 0 ? fields : withOuter(fields, outer);
}

/** What others of the same name have displaced stays, as `outer`; so does what is called that already. */
function withOuter(fields: Fields, displaced: Fields): Record<string, Content> {
  const { outer } = fields;
  return { ...fields, outer: outer === undefined ? displaced : { ...displaced, outer } };
}

/** The result alone where nothing else is known of it, else {result, …}. */
function toolResultOf(fields: Fields): Content {
  const name = ['content', 'result', 'output', 'text'].find((candidate) => fields[candidate] !== undefined);
  if (name === undefined) return Object.keys(fields).length === 0 ? '' : fields;
  const { [name]: value, ...others } = fields;
  const result = wordsOf(value!);
  if (Object.keys(others).length === 0) return result;
  return others.result === undefined
    ? { ...others, result }
    : { ...withOuter(others, { result: others.result }), result };
}

function wordsOf(value: Content): Content {
  if (isRecord(value) && Object.keys(value).length === 1) return value.text ?? value.content ?? value.result ?? value;
  return value;
}

function onlyContentOf({ content, ...others }: Fields): Content | undefined {
  return Object.keys(others).length === 0 ? content : undefined;
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function isRecord(value: Content | undefined): value is { [key: string]: Content } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
