import { createHash } from 'node:crypto';
import {
  messageCreatedAt,
  ownerKey,
  sessionView,
  type MessageState,
  type Owner,
  type SessionState,
} from '@opensync/contracts';
import { PayloadLostError, readWords, type TextReader } from '@opensync/event-log/payloads';
import { chunkText, isOfChunk, type DocumentStore } from '@opensync/stores';
import type { PayloadReader, QueryResources } from '../resources.ts';
import type { FoundMessage, FoundMessages } from './find-messages.ts';
import { bestPlace, needlesOf } from './focus.ts';
import type { Candidate, Omission, PassageSession, QuotedMessage } from './passage.ts';
import { visible } from './render.ts';

/** Bodies in memory at once; a larger message comes alone. */
const READ_BYTES = 1024 * 1024;
/** Bytes of large contents that are fetched for one answer. Of the others the beginning is known. */
const FETCHED_BYTES = 4 * 1024 * 1024;
/** Characters of a text that are kept around the match; a passage has at most a third of them. */
const KEPT = 16 * 1024;
const KEPT_BEFORE = KEPT / 4;
/** How much of a passage that matched by meaning must stand somewhere for that to be its place. */
const ANCHOR = 40;

type Sources = Pick<QueryResources, 'documents' | 'payloads'>;

/** The texts of messages for one answer, which may fetch only so much. */
export class MessageTexts {
  readonly #documents: Pick<DocumentStore, 'wholeMessages'>;
  readonly #texts: TextReader;

  constructor({ documents, payloads }: Sources) {
    this.#documents = documents;
    this.#texts = boundedTexts(payloads);
  }

  /** The messages with their words, in the order of the ids; those that are not stored any more are absent. */
  async *read(owner: Owner, ids: readonly string[]): AsyncGenerator<MessageText> {
    for (let wanted = ids; wanted.length > 0;) {
      const { messages, rest } = await this.#documents.wholeMessages(owner, wanted, READ_BYTES);
      for (const whole of messages) {
        const words = await readWords(whole, this.#texts);
        const [spoken, tools] = [words.text, words.toolText].map((said) => visible(said).trim()) as [string, string];
        yield { message: whole.message, spoken, text: `${spoken}\n\n${tools}`.trim(), embedded: words.embedded };
      }
      wanted = rest;
    }
  }
}

export interface MessageText {
  readonly message: MessageState;
  /** What a person or a model said. */
  readonly spoken: string;
  /** The same, then names, arguments and results of tool calls. */
  readonly text: string;
  /** What of it has vectors, in chunks. */
  readonly embedded: string;
}

/**
 * The messages that a search found, with the text around what matched. A session whose title matched is represented by its
 * first message.
 */
export async function readCandidates(
  documents: Pick<DocumentStore, 'messageKeys'>,
  texts: MessageTexts,
  { messages: found, parsed }: Pick<FoundMessages, 'messages' | 'parsed'>,
): Promise<{ readonly candidates: readonly Candidate[]; readonly omitted: readonly Omission[] }> {
  const needles = needlesOf(parsed);
  const named: (FoundMessage & { readonly messageId: string })[] = [];
  for (const { messageId, ...one } of found) {
    const { owner, id } = one.session;
    const [first] =
      messageId === undefined ? await documents.messageKeys(owner, id, { limit: 1 }) : [{ id: messageId }];
    if (first) named.push({ ...one, messageId: first.id });
  }
  const byId = new Map(named.map((one) => [one.messageId, one]));
  const read = new Map<string, Candidate>();
  for (const of of Map.groupBy(byId.values(), ({ session }) => ownerKey(session.owner)).values()) {
    const ids = of.map(({ messageId }) => messageId);
    for await (const text of texts.read(of[0]!.session.owner, ids)) {
      if (text.text === '') continue;
      const { session, relevance, hasWords, hash } = byId.get(text.message.id)!;
      const places = [bestPlace(text.text, needles), placeOfChunk(hash, text)];
      const focus = (hasWords ? places : places.toReversed()).find((place) => place !== undefined) ?? 0;
      read.set(text.message.id, {
        session: sessionOf(session),
        message: quoted(text.message, text.text, focus),
        relevance,
        fingerprint: fingerprintOf(text.message, text.text),
      });
    }
  }
  return {
    candidates: [...byId.keys()].flatMap((id) => read.get(id) ?? []),
    omitted: [...byId.values()]
      .filter(({ messageId }) => !read.has(messageId))
      .map(({ session, messageId }) => ({ sessionId: session.id, messageId, reason: 'no-text' })),
  };
}

/** A message with as much of its text as a passage could have. */
export function quoted(message: MessageState, text: string, focus: number): QuotedMessage {
  const place = { createdAt: messageCreatedAt(message), sequence: message.span.firstSequence };
  const role = message.fields.role ?? 'unknown';
  if (text.length <= KEPT) return { id: message.id, role, place, text, focus };
  const start = Math.max(0, Math.min(focus - KEPT_BEFORE, text.length - KEPT));
  const end = start + KEPT;
  const kept = text.slice(start, end).toWellFormed();
  const clipped = `${start > 0 ? '…' : ''}${kept}${end < text.length ? '…' : ''}`;
  return { id: message.id, role, place, text: clipped, focus: focus - start + (start > 0 ? 1 : 0) };
}

/** Where the chunk with this hash stands; the text may have words in between that are not embedded. */
function placeOfChunk(hash: string | undefined, { text, embedded }: MessageText): number | undefined {
  if (hash === undefined) return undefined;
  const chunk = chunkText(embedded).find((one) => isOfChunk(one, hash));
  const at = chunk === undefined ? -1 : text.indexOf(visible(chunk).slice(0, ANCHOR));
  return at < 0 ? undefined : at;
}

function sessionOf(state: SessionState): PassageSession {
  const { id, title, projectName, model, source, evalStatus } = sessionView(state);
  const verdict = evalStatus === 'golden' || evalStatus === 'correct' ? 1 : evalStatus === 'incorrect' ? -1 : 0;
  return { id, title, projectName, model, source, verdict };
}

function fingerprintOf({ fields }: MessageState, text: string): string {
  const words = text.replace(/\s+/g, ' ').toLowerCase();
  return createHash('sha256')
    .update(`${fields.role ?? ''}\n${words}`)
    .digest('base64');
}

function boundedTexts(payloads: Pick<PayloadReader, 'referenced'>): TextReader {
  let left = FETCHED_BYTES;
  return {
    async text(owner, { sha256, size }) {
      // As for lost content, the beginning that the message itself has is used instead.
      if (size > left) throw new PayloadLostError(sha256, 'missing');
      left -= size;
      return Buffer.concat(await Array.fromAsync(payloads.referenced(owner, sha256))).toString();
    },
  };
}
