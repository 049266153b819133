import { amountOf, amountsJson, costJson, type NamedAmounts, type Reader } from '@opensync/contracts';
import { readFigures, scopesOf, type DocumentStore } from '@opensync/stores';

/** Totals over the sessions that a reader may see, with the names that OpenSync's clients expect. */
export async function readStats(documents: DocumentStore, reader: Reader) {
  const [{ totals, models, sources }, rating] = await Promise.all([
    readFigures(documents, scopesOf(reader), undefined, ['totals', 'models', 'sources']),
    documents.figureRating(),
  ]);
  const { sessions, messages, durationMs, cost, ...amounts } = amountsJson(totals);
  return {
    sessionCount: sessions,
    messageCount: messages,
    totalCost: cost.usd,
    totalDurationMs: durationMs,
    ...amounts,
    cost,
    prices: rating?.digest ?? null,
    bySource: sessionsBy(sources),
    byModel: sessionsBy(models),
    modelUsage: Object.fromEntries(
      Object.entries(models).map(([model, of]) => [
        model || 'unknown',
        { tokens: amountOf(of, 'totalTokens'), cost: costJson(of).usd, sessions: amountOf(of, 'sessions') },
      ]),
    ),
  };
}

/** Sessions by name; sessions without one are left out. */
function sessionsBy(names: NamedAmounts): Record<string, number> {
  const counts = Object.entries(names).map(([name, of]): [string, number] => [name, amountOf(of, 'sessions')]);
  // From entries, since a model may be called __proto__.
  return Object.fromEntries(counts.filter(([name, count]) => name !== '' && count > 0));
}
