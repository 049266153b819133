import { toolFactsOf, type Owner, type PartView, type Place, type ToolFacts } from '@opensync/contracts';
import type { DocumentStore, ToolPart } from '@opensync/stores';
import type { MessageWithPlace } from './read-session.ts';

/** Where the result of a tool call is. */
export interface ResultLink extends Pick<ToolFacts, 'durationMs'> {
  readonly messageId: string;
  /** Of the message. */
  readonly place: Place;
  /** Place of the part within the message. */
  readonly order: number;
  readonly isError: boolean;
}

/** By the order of each tool call of a message; null: it has no result. */
export type Results = ReadonlyMap<number, ResultLink | null>;

type Documents = Pick<DocumentStore, 'toolParts' | 'messageOutlines'>;

/** Call ids that are looked up at once. */
const CALLS_AT_ONCE = 500;

/** Tool calls and results of a message. */
interface Tools extends MessageWithPlace {
  readonly calls: { readonly order: number; readonly facts: ToolFacts }[];
  /** Results without a call id, by their order and facts; taken from the front. */
  readonly unnamed: { readonly order: number; readonly facts: ToolFacts }[];
  readonly results: Map<number, ResultLink | null>;
}

/**
 * The results of the tool calls of consecutive messages: in the call itself, else with the same call id wherever in
 * the session, else, if neither has an id, the next ones of the same message or of the following one, in order.
 */
export async function toolResults(
  documents: Documents,
  owner: Owner,
  sessionId: string,
  messages: readonly MessageWithPlace[],
): Promise<Results[]> {
  const all = messages.map(toolsOf);
  await joinByIds(documents, owner, sessionId, all);
  for (const tools of all) joinWithin(tools);
  for (const [at, tools] of all.entries()) {
    const open = openCalls(tools);
    if (open.length === 0) continue;
    const next = all[at + 1];
    const following = next
      ? { id: next.message.id, place: next.place, unnamed: leading(next) }
      : await followingResults(documents, owner, sessionId, tools.place);
    for (const { order } of open) {
      const found = following?.unnamed.shift();
      if (found) tools.results.set(order, linkOf(following!.id, following!.place, found.order, found.facts));
    }
  }
  return all.map(({ results }) => results);
}

function toolsOf(message: MessageWithPlace): Tools {
  const { id, parts } = message.message;
  const tools: Tools = { ...message, calls: [], unnamed: [], results: new Map() };
  for (const part of parts) {
    const facts = factsOf(part);
    if (!facts) continue;
    const { order } = part;
    if (part.type === 'tool-call') {
      tools.calls.push({ order, facts });
      tools.results.set(order, facts.hasResult ? linkOf(id, message.place, order, facts) : null);
    } else if (facts.callId === undefined) tools.unnamed.push({ order, facts });
  }
  return tools;
}

function factsOf({ type, content, tool }: PartView): ToolFacts | undefined {
  return tool ?? toolFactsOf(type, content ?? undefined);
}

async function joinByIds(documents: Documents, owner: Owner, sessionId: string, all: readonly Tools[]): Promise<void> {
  const missing = ({ calls, results }: Tools) =>
    calls.filter(({ order, facts }) => facts.callId !== undefined && results.get(order) === null);
  const ids = [...new Set(all.flatMap((tools) => missing(tools).map(({ facts }) => facts.callId!)))];
  const found: ToolPart[] = [];
  for (let at = 0; at < ids.length; at += CALLS_AT_ONCE) {
    found.push(...(await documents.toolParts(owner, sessionId, ids.slice(at, at + CALLS_AT_ONCE))));
  }
  const results = found.filter(({ type, facts }) => type === 'tool-result' || facts.hasResult);
  const byId = Map.groupBy(results, ({ callId }) => callId);
  for (const tools of all) {
    for (const { order, facts } of missing(tools)) {
      const candidates = byId.get(facts.callId!) ?? [];
      // One that was sent again has several results; its own is the next one.
      const result = candidates.find((one) => isAfter(one, tools.place, order)) ?? candidates.at(-1);
      if (result) tools.results.set(order, linkOf(result.messageId, result, result.order, result.facts));
    }
  }
}

function isAfter(part: ToolPart, place: Place, order: number): boolean {
  return (part.createdAt - place.createdAt || part.sequence - place.sequence || part.order - order) > 0;
}

/** Each result without an id belongs to the first call before it that is still open. */
function joinWithin(tools: Tools): void {
  for (const { order } of openCalls(tools)) {
    const at = tools.unnamed.findIndex((result) => result.order > order);
    if (at === -1) return;
    const [found] = tools.unnamed.splice(at, 1);
    tools.results.set(order, linkOf(tools.message.id, tools.place, found!.order, found!.facts));
  }
}

/** Calls without an id and without a result. */
function openCalls({ calls, results }: Tools): Tools['calls'] {
  return calls.filter(({ order, facts }) => facts.callId === undefined && results.get(order) === null);
}

/** The results without an id that no call of their message precedes. */
function leading({ unnamed, calls }: Pick<Tools, 'unnamed'> & { calls: readonly { order: number }[] }) {
  const first = Math.min(Infinity, ...calls.map(({ order }) => order));
  return unnamed.filter(({ order }) => order < first);
}

/** The results without an id of the message that follows a place. */
async function followingResults(documents: Documents, owner: Owner, sessionId: string, after: Place) {
  const { messages } = await documents.messageOutlines(owner, sessionId, { limit: 1, after });
  const [next] = messages;
  if (!next) return undefined;
  const unnamed = next.parts.flatMap(({ type, order, facts }) =>
    type === 'tool-result' && facts && facts.callId === undefined ? [{ order, facts }] : [],
  );
  const calls = next.parts.filter(({ type }) => type === 'tool-call');
  return { id: next.id, place: next, unnamed: leading({ unnamed, calls }) };
}

function linkOf(messageId: string, place: Place, order: number, { isError, durationMs }: ToolFacts): ResultLink {
  return { messageId, place, order, isError: isError ?? false, ...(durationMs !== undefined && { durationMs }) };
}
