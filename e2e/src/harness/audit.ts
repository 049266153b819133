import { waitFor } from '@opensync/testkit';
import { inParallel } from './in-parallel.ts';
import { wordOf, type Ledger, type SentMessage } from './load.ts';

/** Requests at a time; more would only queue. */
const WIDTH = 8;
/** Restarted indexers first work off what was left. */
const INDEXED_WITHIN_MS = 150_000;

/**
 * Compares the product's answers with what its clients were told; each line of the answer is a broken promise: an
 * acknowledged message that is missing (or duplicated), one that nobody sent, one with other contents or missing
 * parts, a wrong count. The documents projection must have caught up.
 */
export async function auditDocuments(ledger: Ledger): Promise<string[]> {
  const { api } = ledger;
  const problems: string[] = [];
  const sessions = await asked(() => api.sessions());
  const ids = new Set(sessions.map(({ externalId }) => externalId));
  if (ids.size !== sessions.length) problems.push('a session is listed twice');
  for (const id of ids) if (!ledger.sessions.has(id)) problems.push(`session ${id} was never sent`);
  for (const id of ledger.acknowledgedSessions) if (!ids.has(id)) problems.push(`session ${id} is lost`);

  const pages = await inParallel(sessions, WIDTH, ({ id }) => asked(() => api.session(id)));
  const found = new Set<string>();
  for (const { externalId: session, messageCount, messages } of pages) {
    if (messageCount !== messages.length) problems.push(`${session} counts ${messageCount}, has ${messages.length}`);
    for (const { externalId, textContent, parts } of messages) {
      const sent = ledger.sent.get(externalId);
      if (!sent || sent.sessionExternalId !== session)
        problems.push(`message ${externalId} of ${session} was never sent`);
      if (found.has(externalId)) problems.push(`message ${externalId} is there twice`);
      found.add(externalId);
      if (!sent || !ledger.acknowledged.has(externalId)) continue;
      if (textContent !== sent.textContent) problems.push(`message ${externalId} says “${textContent}”`);
      const again = ledger.sentAgain.get(externalId) ?? sent;
      const unsettled = ledger.unsettled.get(externalId) ?? [];
      const versions = [sent, again, ...unsettled].map((version) => partsText(version.parts ?? []));
      if (!versions.includes(partsText(parts))) problems.push(`message ${externalId} has parts ${partsText(parts)}`);
    }
  }
  for (const id of ledger.acknowledged) if (!found.has(id)) problems.push(`message ${id} is lost`);

  return [...problems, ...(await auditFigures(ledger, ids.size, found.size))];
}

/** Figures follow the documents. Waits for them to catch up. */
async function auditFigures({ api }: Ledger, sessions: number, messages: number): Promise<string[]> {
  const problemsOf = async () => {
    const stats = await api.get<{ sessionCount: number; messageCount: number }>('/api/stats');
    return [
      ...(stats.sessionCount === sessions ? [] : [`stats count ${stats.sessionCount} sessions of ${sessions}`]),
      ...(stats.messageCount === messages ? [] : [`stats count ${stats.messageCount} messages of ${messages}`]),
    ];
  };
  const isRight = async () => (await problemsOf()).length === 0;
  return waitFor(isRight, { timeoutMs: INDEXED_WITHIN_MS, intervalMs: 100 }).then(() => [], problemsOf);
}

/** Acknowledged messages that full text does not find by their own word, exactly once. Waits for the indexer to catch up. */
export async function auditSearch(ledger: Ledger): Promise<string[]> {
  const { api } = ledger;
  const hits = async ({ externalId }: SentMessage) => {
    const { results, degraded } = await api.search(wordOf(externalId), 'fulltext', 5);
    return degraded ? 'degraded' : results.map(({ snippet }) => snippet.replaceAll(/<\/?mark>/g, '')).join(' | ');
  };
  const acknowledged = [...ledger.acknowledged].map((id) => ledger.sent.get(id)!);
  const deadline = performance.now() + INDEXED_WITHIN_MS;
  const problems = await inParallel(acknowledged, WIDTH, async (message) => {
    const isRight = async () => (await hits(message)) === message.textContent;
    const timeoutMs = Math.max(0, deadline - performance.now());
    return waitFor(isRight, { timeoutMs, intervalMs: 50 }).then(
      () => [],
      async () => {
        // With many messages, the audit itself may take longer than the indexer may.
        const found = await hits(message);
        return found === message.textContent
          ? []
          : [`“${wordOf(message.externalId)}” of ${message.externalId} finds: ${found}`];
      },
    );
  });
  return problems.flat();
}

/** An answer for which a client asks again, as clients do when a busy service answers 503. */
function asked<Result extends object>(read: () => Promise<Result>) {
  return waitFor(read, { intervalMs: 500, what: 'an answer' });
}

function partsText(parts: readonly { readonly type: string; readonly content?: unknown }[]): string {
  return JSON.stringify(parts.map(({ type, content }) => [type, content]));
}
