import type { FigureStore } from '../documents/figures-port.ts';

/** As in `markedDocuments`. */
const REVISIONS = 2 ** 32;

/** The same figures with revisions and marks that are valid only in this generation; see `markedDocuments`. */
export function markedFigures(store: FigureStore, generation: number): FigureStore {
  const first = (generation - 1) * REVISIONS;
  const marked = (revision: number) => (revision === 0 ? 0 : first + revision);
  const isOurs = (revision: number) => revision === 0 || revision - (revision % REVISIONS) === first;
  const unmarked = (revision: number) => revision % REVISIONS;
  const prefix = `${generation}:`;
  return {
    async dueFigures({ after, limit }) {
      // A place of another generation begins from the start.
      const place = after?.startsWith(prefix) ? { after: after.slice(prefix.length) } : {};
      const due = await store.dueFigures({ ...place, limit });
      return due.map((session) => ({ ...session, mark: prefix + session.mark, place: prefix + session.place }));
    },
    hasDueFigures: (owner) => store.hasDueFigures(owner),
    sessionUsage: (owner, sessionId) => store.sessionUsage(owner, sessionId),
    async contributions(sessions) {
      const found = await store.contributions(sessions);
      return found.map((contribution) => ({ ...contribution, revision: marked(contribution.revision) }));
    },
    sessionTotals: (sessions) => store.sessionTotals(sessions),
    async saveContributions(contributions) {
      const [ours, foreign] = partition(contributions, ({ revision }) => isOurs(revision));
      const lost = await store.saveContributions(
        ours.map((contribution) => ({ ...contribution, revision: unmarked(contribution.revision) })),
      );
      return [...foreign.map(({ sessionId }) => sessionId), ...lost];
    },
    settleContributions: (settled) =>
      store.settleContributions(
        settled
          .filter(({ mark, revision = 0 }) => mark.startsWith(prefix) && isOurs(revision))
          .map(({ mark, revision, ...session }) => ({
            ...session,
            mark: mark.slice(prefix.length),
            ...(revision !== undefined && { revision: unmarked(revision) }),
          })),
      ),
    figureRevisions: async (keys) => (await store.figureRevisions(keys)).map(marked),
    figureParts: (keys) => store.figureParts(keys),
    async saveFigures(nodes) {
      const indexed = nodes.map((node, at) => ({ node, at }));
      const [ours, foreign] = partition(indexed, ({ node }) => isOurs(node.revision));
      const lost = await store.saveFigures(ours.map(({ node }) => ({ ...node, revision: unmarked(node.revision) })));
      return [...foreign.map(({ at }) => at), ...lost.map((at) => ours[at]!.at)];
    },
    figures: (query) => store.figures(query),
    figureMembers: (workspaceId) => store.figureMembers(workspaceId),
    figureRating: () => store.figureRating(),
    rateAgain: (digest) => store.rateAgain(digest),
  };
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
