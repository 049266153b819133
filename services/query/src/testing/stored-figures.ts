import {
  addAmount,
  containing,
  FIGURE_MEMBERS,
  FigureSum,
  quarterOf,
  sessionView,
  type Period,
  type SessionState,
} from '@opensync/contracts';
import type { DocumentStore, FigureKey } from '@opensync/stores';

/**
 * Adds sessions to the stored figures as the projector would, but with everything of a session at its creation. Their costs are reported.
 */
export async function storeFigures(documents: DocumentStore, sessions: readonly SessionState[]): Promise<void> {
  for (const session of sessions) {
    for (const key of keysOf(session)) await addTo(documents, key, session);
  }
  const due = await documents.dueFigures({ limit: 1000 });
  await documents.settleContributions(due);
}

function keysOf(session: SessionState): FigureKey[] {
  const { workspaceId, userId } = session.owner;
  const shared = session.fields.visibility === 'workspace';
  const keys: FigureKey[] = [];
  let period: Period | undefined = { level: 'quarter', number: quarterOf(sessionView(session).createdAt) };
  for (; period; period = containing(period)) {
    keys.push({ ...period, scope: { workspaceId, userId, shared } });
    if (shared) keys.push({ ...period, scope: { workspaceId, userId: undefined, shared } });
  }
  return keys;
}

async function addTo(documents: DocumentStore, key: FigureKey, session: SessionState): Promise<void> {
  const { level, number, scope } = key;
  const sum = new FigureSum();
  const ranges = [{ level, from: number, to: number + 1 }];
  for (const { figures } of await documents.figures({ scopes: [scope], ranges, members: FIGURE_MEMBERS })) {
    sum.add(figures);
    for (const [quarter, totals] of Object.entries(figures.quarters!)) {
      for (const [at, amount] of totals.entries()) sum.named('quarters', quarter)[at]! += amount;
    }
  }
  const view = sessionView(session);
  const named = [sum.totals, sum.named('models', view.model ?? ''), sum.named('providers', view.provider ?? '')];
  named.push(sum.named('sources', view.source), sum.named('projects', view.projectName ?? ''));
  if (level === 'day') named.push(sum.named('quarters', String(quarterOf(view.createdAt))));
  for (const amounts of named) {
    addAmount(amounts, 'sessions', 1);
    addAmount(amounts, 'messages', view.messageCount);
    addAmount(amounts, 'reportedMicros', Math.round(view.cost * 1e6));
    for (const name of ['promptTokens', 'completionTokens', 'cacheReadTokens', 'cacheWriteTokens'] as const) {
      addAmount(amounts, name, view[name]);
    }
    for (const name of ['reasoningTokens', 'totalTokens', 'durationMs'] as const) addAmount(amounts, name, view[name]);
  }
  sum.addSession(view.durationMs, view.messageCount);
  const [revision] = await documents.figureRevisions([key]);
  await documents.saveFigures([{ ...key, revision: revision!, figures: sum.figures() }]);
}
