import {
  isOutlinedPart,
  unpackMessageOutline,
  type MessageOutline,
  type PartOutline,
  type PartState,
} from '@opensync/contracts';
import type { MessageKey, OutlinedMessage, OutlinedPart, ToolPart } from './port.ts';

/** Results of one call: sent again with other messages, or streamed. */
export const TOOL_PARTS_PER_CALL = 16;
/** Characters (UTF-16) of packed outlines in one read; more follow in the next one. */
export const OUTLINE_CHARACTERS = 1024 * 1024;

/** A stored part, current or not, as reads of outlines give it. */
export type PackedPart = readonly [order: number, sequence: number, type: string, facts: PartOutline | null];

/** The outline with those of the parts that are current. */
export function outlinedMessage(
  key: MessageKey,
  outline: MessageOutline | string,
  parts: readonly PackedPart[],
): OutlinedMessage {
  const own = typeof outline === 'string' ? unpackMessageOutline(outline) : outline;
  const current: OutlinedPart[] = [];
  for (const [order, sequence, type, facts] of parts) {
    if (isOutlinedPart(own, { order, sequence })) current.push(facts ? { order, type, facts } : { order, type });
  }
  return { ...key, outline: own, parts: current };
}

/** A stored part with a call id, current or not. */
export interface StoredToolPart extends Omit<ToolPart, 'facts'> {
  readonly partSequence: number;
  readonly facts: string;
  /** Of its message. */
  readonly outline: MessageOutline | string;
}

/** Those that are current, in the order of the session. */
export function currentToolParts(parts: readonly StoredToolPart[]): ToolPart[] {
  const found = parts.flatMap(({ partSequence: sequence, outline, facts, ...part }): ToolPart[] => {
    const own = typeof outline === 'string' ? unpackMessageOutline(outline) : outline;
    if (!isOutlinedPart(own, { order: part.order, sequence })) return [];
    return [{ ...part, facts: JSON.parse(facts) as PartOutline }];
  });
  return found.sort((a, b) => a.createdAt - b.createdAt || a.sequence - b.sequence || a.order - b.order);
}

/** What a part in the payload store says of its tool, which is among its facts. */
export function toolIn(facts: string | null | undefined): Pick<PartState, 'tool'> {
  if (!facts) return {};
  const { lines: _lines, ...tool } = JSON.parse(facts) as PartOutline;
  return Object.keys(tool).length > 0 ? { tool } : {};
}
