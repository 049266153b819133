import {
  contained,
  FIGURE_MEMBERS,
  totalsOf,
  type Amounts,
  type FigureMember,
  type Figures,
} from '@opensync/contracts';
import { toolMoment } from '../figure-tools.ts';
import type { SqliteDatabase } from '../../sqlite/index.ts';
import type {
  Contribution,
  FigureKey,
  FigureStore,
  MessageUsage,
  PendingQuarter,
  SessionUsage,
} from '../figures-port.ts';
import type { ContributionRow, FigurePartRow, RangeQuery, UsagePage, UsageQuery } from './figures.ts';
import { readSession } from './rows.ts';
import type { DocumentsDatabase } from './worker.ts';

/** The figures in the file of the documents. */
export function sqliteFigures(database: SqliteDatabase<DocumentsDatabase>): FigureStore {
  return {
    async dueFigures({ after, limit }) {
      const [owner, sessionId] = after === undefined ? [] : (JSON.parse(after) as [number, string]);
      const place = owner === undefined ? {} : { after: { owner, sessionId: sessionId! } };
      const rows = await database.read('dueFigures', { ...place, limit });
      return rows.map(({ owner: number, sessionId: id, mark, createdAt, ...of }) => ({
        ...{ owner: of, sessionId: id, mark, createdAt },
        place: JSON.stringify([number, id]),
      }));
    },

    hasDueFigures: (owner) => database.read('hasDueFigures', owner),

    async sessionUsage(owner, sessionId): Promise<SessionUsage> {
      const page = (after?: UsageQuery['after']) =>
        database.read('usagePage', { owner, sessionId, ...(after && { after }) });
      let next: UsagePage = await page();
      const { state } = next;
      const messages: MessageUsage[] = [];
      for (;;) {
        for (const row of next.messages) messages.push(messageUsage(row));
        const last = next.messages.at(-1);
        if (next.isLast || !last) break;
        next = await page([last[0], last[1]]);
      }
      const tools = await database.read('toolUses', { owner, sessionId });
      return {
        session: state === undefined ? undefined : readSession(owner, state),
        messages,
        tools: tools.map(({ at, type, facts }) => toolMoment(at, type, facts)),
      };
    },

    async contributions(sessions) {
      return (await database.read('contributions', sessions)).map(contributionOf);
    },

    async sessionTotals(sessions) {
      const totals = await database.read('sessionTotals', sessions);
      return totals.map((text) => (text === null ? undefined : (JSON.parse(text) as Amounts)));
    },

    saveContributions: (saved) =>
      database.write(
        'saveContributions',
        saved.map(({ owner, sessionId, ...contribution }) => ({
          ...{ owner, sessionId, ...contributionRow(contribution) },
          totals: JSON.stringify(totalsOf(contribution.figures.values())),
        })),
      ),

    settleContributions: (settled) => database.write('settleContributions', settled),

    figureRevisions: (keys) => database.read('figureRevisions', keys),

    async figureParts(keys) {
      const rows = await Promise.all(
        keys.map(async (key): Promise<readonly FigurePartRow[]> => {
          const range = contained(key);
          if (!range) return database.read('quarterParts', key);
          return (await database.read('figureRanges', [{ scope: key.scope, range, members: FIGURE_MEMBERS }]))[0]!;
        }),
      );
      return rows.map((parts) =>
        parts.map(({ number, figures, members }) => ({
          number,
          figures: figures === undefined ? figuresIn(FIGURE_MEMBERS, members!) : (JSON.parse(figures) as Figures),
        })),
      );
    },

    saveFigures: (nodes) =>
      database.write(
        'saveFigures',
        nodes.map(({ figures, ...node }) => ({
          ...node,
          members: FIGURE_MEMBERS.map((name) => JSON.stringify(figures[name])),
        })),
      ),

    async figures({ scopes, ranges, members }) {
      const queries: RangeQuery[] = scopes.flatMap((scope) => ranges.map((range) => ({ scope, range, members })));
      const found = await database.read('figureRanges', queries);
      return found.flatMap((rows, at) => {
        const { scope, range } = queries[at]!;
        return rows.map(({ number, members: texts }) => ({
          ...({ scope, level: range.level, number } satisfies FigureKey),
          figures: figuresIn(members, texts!),
        }));
      });
    },

    async figureMembers(workspaceId) {
      const users = await database.read('figureMembers', workspaceId);
      return users.map((userId) => ({ workspaceId, userId, shared: true }));
    },

    async figureRating() {
      const digest = await database.read('figureRating', undefined);
      return digest === undefined ? undefined : { digest, marked: true };
    },

    rateAgain: (digest) => database.write('rateAgain', digest),
  };
}

function messageUsage([createdAt, , ...row]: UsagePage['messages'][number]): MessageUsage {
  const [promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, cost, ...names] = row;
  const [requestId = null, model = null, provider = null] = names;
  return {
    ...{ createdAt, requestId, model, provider },
    ...{ promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, cost },
  };
}

function contributionOf({ revision, shared, pending, figures }: ContributionRow): Contribution {
  return {
    revision,
    shared: shared === 1,
    pending: (JSON.parse(pending) as [number, number][]).map(([quarter, of]) => ({ quarter, shared: of === 1 })),
    figures: new Map(figures.map(([quarter, text]) => [quarter, JSON.parse(text) as Figures])),
  };
}

function contributionRow({ revision, shared, pending, figures }: Contribution): ContributionRow {
  const pair = ({ quarter, shared: of }: PendingQuarter) => [quarter, of ? 1 : 0];
  return {
    revision,
    shared: shared ? 1 : 0,
    pending: JSON.stringify(pending.map(pair)),
    figures: [...figures].map(([quarter, of]) => [quarter, JSON.stringify(of)]),
  };
}

function figuresIn<Member extends FigureMember>(names: readonly Member[], texts: readonly string[]): Figures {
  return Object.fromEntries(names.map((name, at) => [name, JSON.parse(texts[at]!)])) as unknown as Figures;
}
