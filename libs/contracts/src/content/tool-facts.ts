import { z } from 'zod';
import { isObject, type Json, type JsonObject } from './json.ts';
import { UNNAMED_TOOL } from './tools.ts';

/** What a tool call or its result says besides arguments and output. */
export const toolFactsSchema = z.object({
  toolName: z.string().optional(),
  /** What the call and its result share. */
  callId: z.string().optional(),
  isError: z.literal(true).optional(),
  /** A call that contains its result. */
  hasResult: z.literal(true).optional(),
  durationMs: z.number().nonnegative().optional(),
});
export type ToolFacts = z.infer<typeof toolFactsSchema>;

/** Characters (UTF-16); the rest of a longer name or id is cut. */
const LONGEST_NAME = 128;
const LONGEST_ID = 256;
/** A month: anything longer is a time, not a duration. */
const LONGEST_DURATION_MS = 31 * 24 * 3_600_000;

/**
 * How agents name the id that joins a call with its result, the first that is there counts: providers give a call an id of its own
 * (`id`) beside the one that the result repeats.
 */
export const CALL_IDS = ['toolCallId', 'tool_call_id', 'toolUseId', 'tool_use_id', 'callId', 'callID', 'call_id', 'id'];
const FAILED = /^(error|errored|fail|failed|failure)\b/i;
const DURATIONS: readonly (readonly [name: string, ms: number])[] = [
  ['durationMs', 1],
  ['duration_ms', 1],
  ['executionTimeMs', 1],
  ['elapsedMs', 1],
  ['elapsed_ms', 1],
  ['durationSeconds', 1_000],
  ['duration_seconds', 1_000],
];

/** The facts of a tool call or a tool result, from its normalized content; undefined for other parts. Pure. */
export function toolFactsOf(type: string, content: Json | undefined): ToolFacts | undefined {
  if (type !== 'tool-call' && type !== 'tool-result') return undefined;
  if (!isObject(content)) return {};
  const { toolName, result } = content;
  const name = text(toolName ?? content.name ?? content.tool_name, LONGEST_NAME);
  const callId = CALL_IDS.map((field) => text(content[field], LONGEST_ID)).find((id) => id !== undefined);
  const isError = isFailure(content) || (isObject(result) && isFailure(result));
  const durationMs = durationOf(content);
  return {
    ...(name !== undefined && name !== UNNAMED_TOOL && { toolName: name }),
    ...(callId !== undefined && { callId }),
    ...(isError && { isError }),
    ...(type === 'tool-call' && (isError || isPresent(result)) && { hasResult: true }),
    ...(durationMs !== undefined && { durationMs }),
  };
}

/** Whether a part says that a tool failed; `tool` is what it says of content in the payload store. Pure. */
export function isFailedPart(part: {
  readonly type: string;
  readonly content?: Json | undefined;
  readonly tool?: ToolFacts | undefined;
}): boolean {
  return (part.tool ?? toolFactsOf(part.type, part.content))?.isError === true;
}

function isFailure({ isError, is_error, error, status, state, type, metadata, ...fields }: JsonObject): boolean {
  if (isError === true || is_error === true) return true;
  if (isPresent(error) && error !== false && error !== '') return true;
  if ([status, state, type].some((value) => typeof value === 'string' && FAILED.test(value))) return true;
  const exits = [fields.exitCode, fields.exit_code, isObject(metadata) ? (metadata.exit ?? metadata.exit_code) : null];
  return exits.some((code) => typeof code === 'number' && code !== 0);
}

function durationOf(content: JsonObject): number | undefined {
  const places = [content, content.metadata].filter((place) => isObject(place));
  for (const place of places) {
    for (const [name, ms] of DURATIONS) {
      const value = place[name];
      if (typeof value === 'number' && isDuration(value * ms)) return Math.round(value * ms);
    }
    const { time } = place;
    if (!isObject(time) || typeof time.start !== 'number' || typeof time.end !== 'number') continue;
    if (isDuration(time.end - time.start)) return Math.round(time.end - time.start);
  }
  return undefined;
}

function isDuration(ms: number): boolean {
  return ms >= 0 && ms <= LONGEST_DURATION_MS;
}

function isPresent(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

function text(value: Json | undefined, longest: number): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.slice(0, longest).toWellFormed();
}
