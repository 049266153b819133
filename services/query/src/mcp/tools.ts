import { readerOf, sessionView, type Positions, type Principal, type SessionView } from '@opensync/contracts';
import { shorten } from '@opensync/contracts';
import type { z } from 'zod';
import { contextBodySchema } from '../context/context-request.ts';
import { excerpt } from '../context/excerpt.ts';
import { getContext } from '../context/get-context.ts';
import { MessageTexts } from '../context/read-candidates.ts';
import { visible } from '../context/render.ts';
import { loadTokenizer } from '../context/tokens.ts';
import { parseBody, parseQuery } from '../input.ts';
import type { QueryResources } from '../resources.ts';
import { searchBodySchema } from '../search/search-request.ts';
import { searchSessions } from '../search/search-sessions.ts';
import { listSessions, listSessionsSchema } from '../sessions/list-sessions.ts';
import { pageRange } from '../sessions/page-range.ts';
import { findSession } from '../sessions/read-session.ts';
import { NOTICE, type contextInput, type contextOutput, type listInput, type listOutput } from './schemas.ts';
import { readStats } from '../analytics/stats.ts';
import type { readInput, readOutput, searchInput, searchOutput, usageOutput } from './schemas.ts';

/** Who calls a tool, and what it works with. */
export interface ToolContext {
  readonly resources: QueryResources;
  readonly caller: Principal;
  readonly positions: Positions;
}

/** Characters of a title or another name. */
const LONGEST_NAME = 200;
const MOST_MODELS = 50;
/** A cut text has at least as many tokens, or its message begins the next page. */
const LEAST_TEXT = 32;

export async function searchTool(
  { resources, caller, positions }: ToolContext,
  { query, type, level, limit, cursor, ...given }: z.infer<typeof searchInput>,
): Promise<z.infer<typeof searchOutput>> {
  const request = parseBody(searchBodySchema, { query, type, level, limit, cursor: cursor ?? null, filters: given });
  const {
    results,
    cursor: nextCursor,
    partial = false,
    noCloseMatch = false,
    degraded = [],
  } = await searchSessions(resources, readerOf(caller), request, positions);
  return {
    notice: NOTICE,
    results: results.map((result) => ({
      ...sessionOf(result),
      messageId: result.messageId,
      role: result.role,
      position: result.position,
      snippet: visible(result.snippetText),
      ...copiesOf(result),
    })),
    partial,
    noCloseMatch,
    degraded: [...degraded],
    nextCursor,
  };
}

export async function listTool(
  { resources, caller, positions }: ToolContext,
  { limit, ...given }: z.infer<typeof listInput>,
): Promise<z.infer<typeof listOutput>> {
  const request = parseQuery(listSessionsSchema, { ...withoutUndefined(given), limit: String(limit) });
  const { sessions, cursor } = await listSessions(resources, readerOf(caller), request, positions);
  return {
    notice: NOTICE,
    sessions: sessions.map((session) => ({
      ...sessionOf(session),
      updatedAt: new Date(session.updatedAt).toISOString(),
      messageCount: session.messageCount,
      totalTokens: session.totalTokens,
      cost: session.cost,
    })),
    nextCursor: cursor,
  };
}

export async function readTool(
  { resources, caller, positions }: ToolContext,
  { sessionId: id, around, limit, maxTokens, cursor }: z.infer<typeof readInput>,
): Promise<z.infer<typeof readOutput>> {
  const { documents, pageTurns } = resources;
  const session = await findSession(documents, readerOf(caller), id);
  const { id: sessionId, owner } = session;
  const places = positions.places(sessionId);
  const request = { messageLimit: limit, ...(around && { around }), ...(cursor && { after: cursor }) };
  const range = await pageRange(documents, { owner, sessionId, places }, request);
  const wanted = limit + 1 - range.first.length;
  const onward = range.after ? { after: range.after } : {};
  const rest = wanted > 0 ? await documents.messageKeys(owner, sessionId, { limit: wanted, ...onward }) : [];
  const keys = [...range.first, ...rest];
  const count = await loadTokenizer();
  const shown: z.infer<typeof readOutput>['messages'] = [];
  const endTurn = await pageTurns.acquire(`${caller.workspaceId}.${caller.userId}`, 1);
  let left = maxTokens;
  try {
    const ids = keys.slice(0, limit).map((key) => key.id);
    for await (const { message, text } of new MessageTexts(resources).read(owner, ids)) {
      const quoted = excerpt(text, 0, left, count);
      const isCut = quoted?.text !== text;
      if (!quoted || (isCut && shown.length > 0 && quoted.tokens < LEAST_TEXT)) break;
      left -= quoted.tokens;
      const at = keys.find((key) => key.id === message.id)!;
      shown.push({
        messageId: message.id,
        role: message.fields.role ?? 'unknown',
        position: places.encode([at])[0]!,
        createdAt: new Date(at.createdAt).toISOString(),
        text: quoted.text,
        isCut,
      });
    }
  } finally {
    endTurn();
  }
  const last = shown.at(-1);
  const view = sessionView(session);
  return {
    notice: NOTICE,
    session: { ...sessionOf(view), messageCount: view.messageCount },
    messages: shown,
    hasBefore: range.hasBefore,
    tokens: maxTokens - left,
    link: `/api/sessions/${sessionId}${last ? `?around=${shown[0]!.messageId}` : ''}`,
    nextCursor: last && keys.length > shown.length ? last.position : null,
  };
}

export async function contextTool(
  { resources, caller, positions }: ToolContext,
  { query, limit, maxTokens, excludeSession, ...given }: z.infer<typeof contextInput>,
): Promise<z.infer<typeof contextOutput>> {
  const asked = { query, limit, maxTokens, excludeSession: excludeSession ?? null, format: 'text', filters: given };
  const answer = await getContext(resources, readerOf(caller), parseBody(contextBodySchema, asked), positions);
  if (!('text' in answer)) throw new Error('the context is not text');
  const { text, sessionCount, tokens, citations, omitted, noCloseMatch = false, degraded = [] } = answer;
  return {
    text,
    sessionCount,
    tokens,
    citations: citations.map(({ rank, messages, link, ...session }) => ({
      rank,
      ...sessionOf({ ...session, id: session.sessionId }),
      messageIds: messages.map(({ id }) => id),
      position: messages[0]!.position,
      link,
      ...copiesOf(session),
    })),
    noCloseMatch,
    omitted: Object.fromEntries([...Map.groupBy(omitted, ({ reason }) => reason)].map(([why, of]) => [why, of.length])),
    degraded: [...degraded],
  };
}

export async function usageTool({ resources, caller }: ToolContext): Promise<z.infer<typeof usageOutput>> {
  const stats = await readStats(resources.documents, readerOf(caller));
  const { sessionCount: sessions, messageCount: messages, totalDurationMs: durationMs, bySource, byModel } = stats;
  const { promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, totalTokens } = stats;
  return {
    ...{ sessions, messages, promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens },
    ...{
      totalTokens,
      costUsd: stats.cost.usd,
      costIsComplete: stats.cost.complete,
      durationMs,
      bySource: mostFrequent(bySource),
      byModel: mostFrequent(byModel),
    },
  };
}

function mostFrequent(counts: Readonly<Record<string, number>>): Record<string, number> {
  const sorted = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  return Object.fromEntries(sorted.slice(0, MOST_MODELS).map(([name, value]) => [nameOf(name), value]));
}

function copiesOf({
  copies,
}: {
  readonly copies?: { readonly count: number; readonly sessionIds: readonly string[] };
}) {
  return copies && { copies: { ...copies, sessionIds: [...copies.sessionIds] } };
}

type Named = Pick<SessionView, 'id' | 'title' | 'projectName' | 'source' | 'model' | 'createdAt'>;

function sessionOf({ id, title, projectName, source, model, createdAt }: Named) {
  return {
    sessionId: id,
    title: title === null ? null : nameOf(title),
    projectName: projectName === null ? null : nameOf(projectName),
    source: nameOf(source),
    model: model === null ? null : nameOf(model),
    createdAt: new Date(createdAt).toISOString(),
  };
}

function nameOf(text: string): string {
  return shorten(visible(text), LONGEST_NAME);
}

function withoutUndefined(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
