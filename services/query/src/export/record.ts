import type { PartView, SessionView } from '@opensync/contracts';

export type Json = NonNullable<PartView['content']> | null;

/** A session as exports see it; with pseudonyms if that is wanted. */
export type ExportSession = SessionView;

/** What a tool answered. */
export interface ToolResult {
  readonly content: Json;
  /** Of the call that it answers; undefined if its agent did not say. */
  readonly callId?: string | undefined;
  readonly isError?: true;
  /** Everything else that was sent with it. */
  readonly extra?: Json;
}

export interface ToolCall {
  /** Unique in its message. */
  readonly id: string;
  readonly name: string;
  readonly args: Json;
  readonly result?: ToolResult;
  /** Everything else that was sent with it. */
  readonly extra?: Json;
}

/** An image or another file. */
export interface MediaItem {
  readonly mediaType: string;
  readonly name?: string;
  /** Bytes. */
  readonly size?: number;
  /** Where its bytes are: at this server, or elsewhere. */
  readonly url?: string;
}

export type ExportRole = 'user' | 'assistant' | 'system' | 'tool';

/** A message as exports see it: its contents in place, tokens of media replaced. */
export interface ExportMessage {
  readonly id: string;
  readonly externalId: string;
  /** As it was sent, in lower case. */
  readonly sentRole: string;
  readonly role: ExportRole;
  /** Empty if it has none. */
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
  /** Those that belong to no call of this message. */
  readonly toolResults: readonly ToolResult[];
  readonly media: readonly MediaItem[];
  /** Parts of other types, as they were sent. */
  readonly others: readonly Json[];
  /** Hints beside texts and reasoning, such as signatures; by type of their part. */
  readonly extras: readonly { readonly type: string; readonly extra: Json }[];
  readonly model: string | null;
  readonly provider: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly cost: number;
  readonly durationMs: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** How many of its contents were too large, and are present as their beginning. */
  readonly shortened: number;
}

/** ISO 8601. */
export function isoTime(time: number): string {
  return new Date(time).toISOString();
}
