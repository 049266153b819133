import {
  contained,
  FIGURE_MEMBERS,
  LEVELS,
  RESPONSE_AMOUNTS,
  totalsOf,
  type Amounts,
  type FigureMember,
  type Figures,
  type Owner,
  type PeriodRange,
  type SessionState,
} from '@opensync/contracts';
import { ObjectId } from 'mongodb';
import pMap from 'p-map';
import type {
  Contribution,
  DueSession,
  FigureKey,
  FigureNode,
  FigureScope,
  FigureStore,
  FoundFigures,
  MessageUsage,
  SessionRef,
  SessionUsage,
  ToolMoment,
} from '../figures-port.ts';
import { toolMoment } from '../figure-tools.ts';
import type {
  Collections,
  ContributionDocument,
  FigureDocument,
  MessageDocument,
  PartDocument,
} from './collections.ts';
import { placedValue } from './places.ts';
import { ofOwner, partsOfMessages } from './queries.ts';
import { keyOf, sessionState } from './rows.ts';
import { savedIfUnchanged } from './saving.ts';

const PARTS_AT_ONCE = 8;
const MESSAGES_AT_ONCE = 1000;
const NONE: Contribution = { revision: 0, shared: false, figures: new Map(), pending: [] };

type StoredPart = Pick<FoundFigures, 'number' | 'figures'>;

/** Figures in collections beside the documents. A mark of a session is in its document, and set by the same write. */
export class MongoFigures implements FigureStore {
  readonly #collections: Collections;

  constructor(collections: Collections) {
    this.#collections = collections;
  }

  /** Marks sessions of which something else was saved. */
  async touch(sessions: readonly SessionRef[]): Promise<void> {
    if (sessions.length === 0) return;
    const keys = sessions.map(({ owner, sessionId }) => keyOf(owner, sessionId));
    await this.#collections.sessions.updateMany({ _id: { $in: keys } }, { $set: { figuresDue: new ObjectId() } });
  }

  async dueFigures({ after, limit }: Parameters<FigureStore['dueFigures']>[0]): Promise<readonly DueSession[]> {
    const place = after === undefined ? undefined : (JSON.parse(after) as [mark: string, key: string]);
    const found = await this.#collections.sessions
      .find(place ? laterThan(new ObjectId(place[0]), place[1]) : { figuresDue: { $exists: true } })
      .sort({ figuresDue: 1, _id: 1 })
      .limit(limit)
      .project<{ _id: string; figuresDue: ObjectId; createdAt?: number }>({ figuresDue: 1, createdAt: 1 })
      .toArray();
    return found.map(({ _id, figuresDue, createdAt = 0 }) => {
      const mark = figuresDue.toHexString();
      return { ...ownedId(_id), mark, createdAt, place: JSON.stringify([mark, _id]) };
    });
  }

  async hasDueFigures(owner: Owner): Promise<boolean> {
    const range = { $gte: keyOf(owner, ''), $lt: keyOf(owner, '\uffff') };
    const due = { figuresDue: { $exists: true }, _id: range };
    return (await this.#collections.sessions.findOne(due, { projection: { _id: 1 } })) !== null;
  }

  async sessionUsage(owner: Owner, sessionId: string): Promise<SessionUsage> {
    const document = await this.#collections.sessions.findOne({ _id: keyOf(owner, sessionId) });
    const session: SessionState | undefined = document && !document.gone ? sessionState(owner, document) : undefined;
    const amounts = Object.fromEntries(RESPONSE_AMOUNTS.map((name) => [name, 1]));
    const found = this.#collections.messages
      .find({ ...ofOwner(owner), sessionId }, { sort: { createdAt: 1, sequence: 1 } })
      .project<MessageDocument>({ id: 1, createdAt: 1, requestId: 1, model: 1, provider: 1, ...amounts });
    const messages: MessageUsage[] = [];
    const times = new Map<string, number>();
    for await (const message of found) {
      messages.push(usageOf(message));
      times.set(message.id, message.createdAt);
    }
    return { session, messages, tools: await this.#tools(owner, times) };
  }

  async contributions(sessions: readonly SessionRef[]): Promise<readonly Contribution[]> {
    const keys = sessions.map(({ owner, sessionId }) => keyOf(owner, sessionId));
    const found = await this.#collections.contributions.find({ _id: { $in: keys } }).toArray();
    const byKey = new Map(found.map((document) => [document._id, contributionOf(document)]));
    return keys.map((key) => byKey.get(key) ?? NONE);
  }

  async sessionTotals(sessions: readonly SessionRef[]): Promise<readonly (Amounts | undefined)[]> {
    const keys = sessions.map(({ owner, sessionId }) => keyOf(owner, sessionId));
    const found = await this.#collections.contributions
      .find({ _id: { $in: keys } })
      .project<Pick<ContributionDocument, '_id' | 'totals'>>({ totals: 1 })
      .toArray();
    const byKey = new Map(found.map(({ _id, totals }) => [_id, totals]));
    // Of an earlier version: their quarters are added up.
    const former = sessions.filter((_, at) => byKey.has(keys[at]!) && !byKey.get(keys[at]!));
    for (const [at, { figures }] of (former.length > 0 ? await this.contributions(former) : []).entries()) {
      byKey.set(keyOf(former[at]!.owner, former[at]!.sessionId), [...totalsOf(figures.values())]);
    }
    return keys.map((key) => byKey.get(key));
  }

  async saveContributions(...[saved]: Parameters<FigureStore['saveContributions']>): Promise<readonly string[]> {
    const documents = saved.map(({ owner, sessionId, revision, shared, figures, pending }): ContributionDocument => ({
      _id: keyOf(owner, sessionId),
      revision: revision + 1,
      // Of a deleted session only the key is left.
      ...(figures.size > 0 ? ofOwner(owner) : { workspaceId: '', userId: '' }),
      shared,
      quarters: [...figures].map(([quarter, of]) => ({ quarter, figures: JSON.stringify(of) })),
      totals: totalsOf(figures.values()),
      pending,
    }));
    const lost = await savedIfUnchanged(this.#collections.contributions, documents);
    return lost.map((at) => saved[at]!.sessionId);
  }

  async settleContributions(...[settled]: Parameters<FigureStore['settleContributions']>): Promise<void> {
    const { contributions, sessions } = this.#collections;
    const changed = settled.flatMap(({ owner, sessionId, revision }) => {
      if (revision === undefined) return [];
      const filter = { _id: keyOf(owner, sessionId), revision: revision + 1 };
      return [{ updateOne: { filter, update: { $set: { pending: [] } } } }];
    });
    if (changed.length > 0) await contributions.bulkWrite(changed, { ordered: false });
    const marks = settled.map(({ owner, sessionId, mark }) => {
      const filter = { _id: keyOf(owner, sessionId), figuresDue: new ObjectId(mark) };
      return { updateOne: { filter, update: { $unset: { figuresDue: 1 as const } } } };
    });
    if (marks.length > 0) await sessions.bulkWrite(marks, { ordered: false });
  }

  async figureRevisions(keys: readonly FigureKey[]): Promise<readonly number[]> {
    const ids = keys.map(figureId);
    const found = await this.#collections.figures
      .find({ _id: { $in: ids } })
      .project<{ _id: string; revision: number }>({ revision: 1 })
      .toArray();
    const revisions = new Map(found.map(({ _id, revision }) => [_id, revision]));
    return ids.map((id) => revisions.get(id) ?? 0);
  }

  figureParts(keys: readonly FigureKey[]): Promise<readonly (readonly StoredPart[])[]> {
    return pMap(
      keys,
      (key) => {
        const range = contained(key);
        if (range) return this.#range(key.scope, range, FIGURE_MEMBERS);
        return key.scope.userId === undefined ? this.#partsOfMembers(key) : this.#partsOfSessions(key);
      },
      { concurrency: PARTS_AT_ONCE },
    );
  }

  async saveFigures(nodes: readonly FigureNode[]): Promise<readonly number[]> {
    const documents = nodes.map(({ figures, revision, ...key }): FigureDocument => {
      const { scope, number } = key;
      const members = Object.fromEntries(FIGURE_MEMBERS.map((name) => [name, JSON.stringify(figures[name])]));
      return {
        ...{ _id: figureId(key), workspaceId: scope.workspaceId, userId: scope.userId ?? '', shared: scope.shared },
        ...{ level: LEVELS.indexOf(key.level), number, revision: revision + 1 },
        ...(members as Record<FigureMember, string>),
      };
    });
    return savedIfUnchanged(this.#collections.figures, documents);
  }

  async figures({ scopes, ranges, members }: Parameters<FigureStore['figures']>[0]): Promise<readonly FoundFigures[]> {
    const wanted = scopes.flatMap((scope) => ranges.map((range) => ({ scope, range })));
    const found = await pMap(
      wanted,
      async ({ scope, range }) =>
        (await this.#range(scope, range, members)).map((part) => ({ ...part, scope, level: range.level })),
      { concurrency: PARTS_AT_ONCE },
    );
    return found.flat();
  }

  async figureMembers(workspaceId: string): Promise<readonly FigureScope[]> {
    const found = await this.#collections.figures
      .find({ workspaceId, shared: true, level: LEVELS.indexOf('all'), number: 0, userId: { $gt: '' } })
      .sort({ userId: 1 })
      .project<{ userId: string }>({ userId: 1 })
      .toArray();
    return found.map(({ userId }) => ({ workspaceId, userId, shared: true }));
  }

  async figureRating() {
    const found = await this.#collections.rating.findOne({ _id: 'rating' });
    return found ? { digest: found.digest, marked: found.marked } : undefined;
  }

  async rateAgain(digest: string): Promise<void> {
    const { rating, sessions } = this.#collections;
    // Processes with another table stop at the first write; what they compute until then is marked again by the second.
    await rating.updateOne({ _id: 'rating' }, { $set: { digest, marked: false } }, { upsert: true });
    await sessions.updateMany({}, { $set: { figuresDue: new ObjectId() } });
    await rating.updateOne({ _id: 'rating', digest }, { $set: { marked: true } });
  }

  async #tools(owner: Owner, times: ReadonlyMap<string, number>): Promise<readonly ToolMoment[]> {
    const ids = [...times.keys()];
    const tools: ToolMoment[] = [];
    for (let at = 0; at < ids.length; at += MESSAGES_AT_ONCE) {
      const page = ids.slice(at, at + MESSAGES_AT_ONCE);
      const found = await this.#collections.parts
        .find({ ...partsOfMessages(owner, page), type: { $in: ['tool-call', 'tool-result'] }, retired: { $ne: true } })
        .project<Pick<PartDocument, 'messageId' | 'order' | 'type' | 'facts'>>({
          ...{ _id: 0, messageId: 1, order: 1, type: 1, facts: 1 },
        })
        .toArray();
      const byMessage = Map.groupBy(found, ({ messageId }) => messageId);
      for (const id of page) {
        const parts = (byMessage.get(id) ?? []).sort((a, b) => a.order - b.order);
        for (const { type, facts } of parts) tools.push(toolMoment(times.get(id)!, type, facts));
      }
    }
    return tools;
  }

  async #partsOfSessions({ scope, number }: FigureKey): Promise<StoredPart[]> {
    const found = await this.#collections.contributions
      .find({ ...ofOwner(scope as Owner), shared: scope.shared, 'quarters.quarter': number })
      .sort({ _id: 1 })
      .project<Pick<ContributionDocument, 'quarters'>>({ quarters: { $elemMatch: { quarter: number } } })
      .toArray();
    return found.map(({ quarters: [part] }) => ({ number, figures: JSON.parse(part!.figures) as Figures }));
  }

  async #partsOfMembers({ scope, number }: FigureKey): Promise<StoredPart[]> {
    const { workspaceId, shared } = scope;
    const found = await this.#collections.figures
      .find({ workspaceId, shared, level: 0, number, userId: { $gt: '' } })
      .sort({ userId: 1 })
      .toArray();
    return found.map((document) => partOf(document, FIGURE_MEMBERS));
  }

  async #range(
    { workspaceId, userId = '', shared }: FigureScope,
    { level, from, to }: PeriodRange,
    members: readonly FigureMember[],
  ): Promise<StoredPart[]> {
    const found = await this.#collections.figures
      .find({ workspaceId, userId, shared, level: LEVELS.indexOf(level), number: { $gte: from, $lt: to } })
      .sort({ number: 1 })
      .project<FigureDocument>({ number: 1, ...Object.fromEntries(members.map((name) => [name, 1])) })
      .toArray();
    return found.map((document) => partOf(document, members));
  }
}

function laterThan(figuresDue: ObjectId, key: string) {
  return { figuresDue: { $gte: figuresDue }, $or: [{ figuresDue: { $gt: figuresDue } }, { _id: { $gt: key } }] };
}

/** Deleted sessions have no other field that names their owner. */
function ownedId(key: string): SessionRef {
  const [workspaceId, userId] = key.split('.', 2) as [string, string];
  return { owner: { workspaceId, userId }, sessionId: key.slice(workspaceId.length + userId.length + 2) };
}

function usageOf({
  createdAt,
  requestId = null,
  model = null,
  provider = null,
  ...amounts
}: MessageDocument): MessageUsage {
  const {
    promptTokens,
    completionTokens,
    cacheReadTokens = 0,
    cacheWriteTokens = 0,
    reasoningTokens = 0,
    cost,
  } = amounts;
  return {
    ...{ createdAt, requestId, model: placedValue(model), provider: placedValue(provider) },
    ...{ promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, cost },
  };
}

function contributionOf({ revision, shared, quarters, pending }: ContributionDocument): Contribution {
  return {
    ...{ revision, shared, pending },
    figures: new Map(quarters.map(({ quarter, figures }) => [quarter, JSON.parse(figures) as Figures])),
  };
}

function partOf(document: FigureDocument, members: readonly FigureMember[]): StoredPart {
  const figures = Object.fromEntries(members.map((name) => [name, JSON.parse(document[name])]));
  return { number: document.number, figures: figures as Partial<Figures> };
}

function figureId({ scope: { workspaceId, userId = '', shared }, level, number }: FigureKey): string {
  return `${workspaceId}.${userId}.${shared ? 'shared' : 'private'}.${level}.${number}`;
}
