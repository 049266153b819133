import type { PartSynced } from '../events/schemas.ts';

type Content = PartSynced['content'];
/** A part as the rest of the product knows it. */
export interface NormalizedPart {
  readonly type: string;
  readonly content?: Content;
}

type Fields = Readonly<Record<string, Content>>;

/** The names that plugins have for the same kinds of part. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['tool_use', 'tool-call'],
  ['tool-use', 'tool-call'],
  ['tool_call', 'tool-call'],
  ['tool', 'tool-call'],
  ['tool_result', 'tool-result'],
  ['thinking', 'reasoning'],
]);

/**
 * One part in our form, from any of the forms that plugins send: content nested (`content: {toolName, args}`) or
 * flat (`toolName, args` beside `type`), text as a string or as `{text}` or `{content}`. Text, reasoning and
 * textual tool results become a string; tool calls become {toolName, args, result?}; what is not
 * recognised is kept as it was sent.
 */
export function normalizePart(part: { type: string } & Record<string, unknown>): NormalizedPart {
  const { type: sentType, ...rest } = part as { type: string } & Fields;
  const type = TYPES.get(sentType) ?? sentType;
  switch (type) {
    case 'text':
    case 'reasoning':
      return { type, content: textOf(rest) };
    case 'tool-call':
      return { type, content: toolCallOf(rest) };
    case 'tool-result':
      return { type, content: toolResultOf(rest) };
    default:
      return { type, content: rest.content ?? (rest as Content) };
  }
}

function textOf(fields: Fields): Content {
  const { text, content, thinking } = fields;
  const value = content ?? text ?? thinking ?? '';
  if (!isRecord(value)) return value;
  return value.text ?? value.content ?? value;
}

function toolCallOf(flat: Fields): Content {
  // OpenCode keeps what a tool got and gave under `state`.
  const fields: Fields = {
    ...flat,
    ...(isRecord(flat.content) ? flat.content : {}),
    ...(isRecord(flat.state) ? flat.state : {}),
  };
  const toolName = fields.toolName ?? fields.name ?? fields.tool ?? 'unknown';
  const args = fields.args ?? fields.input;
  const result = fields.result ?? fields.output;
  return { toolName, ...(args !== undefined && { args }), ...(result !== undefined && { result }) };
}

function toolResultOf(fields: Fields): Content {
  const value = fields.content ?? fields.result ?? fields.output ?? fields.text ?? '';
  if (isRecord(value) && Object.keys(value).length === 1) return value.text ?? value.content ?? value.result ?? value;
  return value;
}

function isRecord(value: Content | undefined): value is { [key: string]: Content & {} } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
