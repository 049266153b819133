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
import type { Contribution, DocumentStore, FigureKey } from '@opensync/stores';

/**
 * Adds sessions to the stored figures as the projector would, but with everything of a session at its creation. Their costs are reported.
 */
export async function storeFigures(documents: DocumentStore, sessions: readonly SessionState[]): Promise<void> {
  for (const session of sessions) {
    await contribute(documents, session);
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

async function contribute(documents: DocumentStore, session: SessionState): Promise<void> {
  const { id: sessionId, owner } = session;
  const sum = new FigureSum();
  addSession(sum, session, false);
  const [{ revision }] = (await documents.contributions([{ owner, sessionId }])) as [Contribution];
  const figures = new Map([[quarterOf(sessionView(session).createdAt), sum.figures()]]);
  const shared = session.fields.visibility === 'workspace';
  await documents.saveContributions([{ owner, sessionId, revision, shared, figures, pending: [] }]);
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
  addSession(sum, session, level === 'day');
  const [revision] = await documents.figureRevisions([key]);
  await documents.saveFigures([{ ...key, revision: revision!, figures: sum.figures() }]);
}

function addSession(sum: FigureSum, session: SessionState, byQuarter: boolean): void {
  const view = sessionView(session);
  const named = [sum.totals, sum.named('models', view.model ?? ''), sum.named('providers', view.provider ?? '')];
  named.push(sum.named('sources', view.source), sum.named('projects', view.projectName ?? ''));
  if (byQuarter) named.push(sum.named('quarters', String(quarterOf(view.createdAt))));
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
}
