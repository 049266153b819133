import { isObject, type JsonObject } from './json.ts';

/** The types of part, whichever agent sent it. */
export const PART_TYPES = ['text', 'reasoning', 'tool-call', 'tool-result', 'media', 'other'] as const;
export type PartType = (typeof PART_TYPES)[number];

/** The types that providers and tools have, as `typeNameOf` spells them. */
const TYPES: Readonly<Record<Exclude<PartType, 'other'>, readonly string[]>> = {
  text: [
    'text',
    'input-text',
    'output-text',
    'summary-text',
    'refusal',
    'markdown',
    'message',
    'agent-message',
    'user-message',
    'assistant-message',
  ],
  reasoning: [
    'reasoning',
    'thinking',
    'thought',
    'reasoning-text',
    'reasoning-content',
    'reasoning-summary',
    'agent-reasoning',
    'redacted-thinking',
    'redacted-reasoning',
  ],
  'tool-call': [
    'tool-call',
    'tool-use',
    'tool',
    'tool-invocation',
    'tool-request',
    'function',
    'function-call',
    'dynamic-tool',
    'executable-code',
    'command-execution',
    'subtask',
  ],
  'tool-result': [
    'tool-result',
    'tool-output',
    'tool-response',
    'tool-error',
    'function-response',
    'function-result',
    'code-execution-result',
  ],
  media: [
    'media',
    'image',
    'image-url',
    'image-file',
    'image-data',
    'input-image',
    'output-image',
    'audio',
    'audio-url',
    'input-audio',
    'output-audio',
    'video',
    'video-url',
    'input-video',
    'document',
    'document-url',
    'pdf',
    'file',
    'file-data',
    'file-url',
    'input-file',
    'inline-data',
    'blob',
    'uri',
    'attachment',
    'resource',
    'resource-link',
  ],
};
const TYPE_OF = new Map(
  Object.entries(TYPES).flatMap(([type, names]) => names.map((name) => [name, type as PartType] as const)),
);

/** `web_search_call`, `mcp_tool_use`, `web_search_tool_result`, `local_shell_call_output`: new tools get such names, too. */
const CALL = /-(call|tool-use|tool-invocation)$/;
const RESULT = /-(call-output|tool-result|tool-output|tool-response|execution-result)$/;

/** Fields that identify the kind of a part without a type; the first one present decides. */
const TELLING_FIELDS: readonly (readonly [string, PartType])[] = [
  ['functionCall', 'tool-call'],
  ['function_call', 'tool-call'],
  ['toolCall', 'tool-call'],
  ['toolUse', 'tool-call'],
  ['toolInvocation', 'tool-call'],
  ['executableCode', 'tool-call'],
  ['executable_code', 'tool-call'],
  ['functionResponse', 'tool-result'],
  ['function_response', 'tool-result'],
  ['toolResult', 'tool-result'],
  ['codeExecutionResult', 'tool-result'],
  ['code_execution_result', 'tool-result'],
  ['inlineData', 'media'],
  ['inline_data', 'media'],
  ['fileData', 'media'],
  ['file_data', 'media'],
  ['image_url', 'media'],
  ['image', 'media'],
  ['audio', 'media'],
  ['video', 'media'],
  ['document', 'media'],
  ['thinking', 'reasoning'],
  ['reasoningContent', 'reasoning'],
  ['reasoning', 'reasoning'],
  ['toolName', 'tool-call'],
  ['arguments', 'tool-call'],
  ['tool_call_id', 'tool-result'],
  ['tool_use_id', 'tool-result'],
  ['text', 'text'],
  ['content', 'text'],
];

/** The kind of a part by its type, otherwise by its fields. */
export function partTypeOf(part: JsonObject): PartType {
  const name = typeNameOf(part.type);
  if (name === '') return typeByFields(part);
  const known = TYPE_OF.get(name);
  if (known === 'text' && part.thought === true) return 'reasoning';
  if (known !== undefined) return known;
  if (RESULT.test(name)) return 'tool-result';
  // `tool-<name>` is what a part of the AI SDK's user interface is called.
  if (CALL.test(name) || (name.startsWith('tool-') && part.toolCallId !== undefined)) return 'tool-call';
  return 'other';
}

function typeByFields(part: JsonObject): PartType {
  if (part.thought === true) return 'reasoning';
  const [, type] = TELLING_FIELDS.find(([field]) => part[field] !== undefined && part[field] !== null) ?? [];
  return type ?? 'other';
}

/** A type in one spelling: `toolUse`, `tool_use` and `TOOL-USE` are `tool-use`. Empty if it names nothing. */
export function typeNameOf(type: unknown): string {
  if (typeof type !== 'string' || type.length > 64) return '';
  return type
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .replace(/[\s_.]+/g, '-')
    .toLowerCase();
}

/** Types of a call that say nothing about which tool is called. */
const ANY_TOOL =
  /^(tool|function|dynamic-tool|(custom-|server-|mcp-)?(tool|function)?-?(call|use|invocation|request))$/;

/** The tool's name if only the type of a call contains it: `web_search` of `web_search_call`. */
export function toolNameIn(part: JsonObject): string | undefined {
  const wrapper = ['executableCode', 'executable_code'].find((field) => isObject(part[field]));
  if (wrapper !== undefined) return 'executable_code';
  const { type } = part;
  const name = typeNameOf(type);
  if (typeof type !== 'string' || name === '' || ANY_TOOL.test(name)) return undefined;
  // The AI SDK's own spelling is the tool's.
  if (name.startsWith('tool-')) return type.slice('tool-'.length);
  return type.replace(/[-_ ]?(call|tool[-_]use)$/i, '') || undefined;
}
