import { readFileSync } from 'node:fs';
import { z } from 'zod';

const textBlock = z.object({ type: z.literal('text'), text: z.string() });
const toolUse = z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.unknown() });
const toolResult = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  is_error: z.boolean().optional(),
  content: z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).optional(),
});
const otherBlock = z.object({ type: z.string() });
const tokens = z.number().default(0);

const lineSchema = z.object({
  type: z.string(),
  sessionId: z.string().optional(),
  uuid: z.string().optional(),
  cwd: z.string().optional(),
  slug: z.string().optional(),
  isMeta: z.boolean().nullish(),
  /** What Claude Code puts in place of a conversation that it has compacted, in the person's name. */
  isCompactSummary: z.boolean().nullish(),
  timestamp: z.string().optional(),
  message: z
    .object({
      model: z.string().optional(),
      content: z.union([z.string(), z.array(z.union([textBlock, toolUse, toolResult, otherBlock]))]),
      usage: z
        .object({
          input_tokens: tokens,
          cache_creation_input_tokens: tokens,
          cache_read_input_tokens: tokens,
          output_tokens: tokens,
        })
        .optional(),
    })
    .optional(),
});

export type TranscriptLine = z.infer<typeof lineSchema> & {
  /** The line as Claude Code wrote it. */
  readonly raw: string;
};
export type ToolUse = z.infer<typeof toolUse>;
export type ToolResult = z.infer<typeof toolResult>;

/** The lines of a transcript as Claude Code writes them (JSONL). */
export function readTranscript(file: string | URL): TranscriptLine[] {
  return parseTranscript(readFileSync(file, 'utf8'));
}

export function parseTranscript(text: string): TranscriptLine[] {
  return text
    .split('\n')
    .filter((raw) => raw.trim() !== '')
    .map((raw) => ({ ...lineSchema.parse(JSON.parse(raw)), raw }));
}

/** The typed text, if the line has one: not a tool's result, not a note of Claude Code itself. */
export function promptOf({ type, isMeta, isCompactSummary, message }: TranscriptLine): string | undefined {
  const content = message?.content;
  if (type !== 'user' || isMeta || isCompactSummary || typeof content !== 'string') return undefined;
  return content.startsWith('<local-command') || content.startsWith('<command-') ? undefined : content;
}

export function toolUsesOf(line: TranscriptLine): ToolUse[] {
  return line.type === 'assistant' ? blocks(line).filter((block): block is ToolUse => block.type === 'tool_use') : [];
}

export function toolResultsOf(line: TranscriptLine): ToolResult[] {
  return line.type === 'user' ? blocks(line).filter((block): block is ToolResult => block.type === 'tool_result') : [];
}

/** The text of a tool's result, whole. */
export function resultText({ content }: ToolResult): string {
  return typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('\n');
}

/** What the assistant said on this line. */
export function answersOf(line: TranscriptLine): string[] {
  if (line.type !== 'assistant') return [];
  return blocks(line).flatMap((block) => ('text' in block && block.text ? [block.text] : []));
}

function blocks({ message }: TranscriptLine) {
  return Array.isArray(message?.content) ? message.content : [];
}
