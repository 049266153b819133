import { changeSubject, sessionIdOf, type DocumentChanges, type NewEvent, type Owner } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { isRetryable, type Settings } from '@opensync/platform';
import { openGeneration, parseQuery } from '@opensync/stores';
import { aMessageSynced, aPartSynced, aSessionDeleted, aSessionSynced } from '@opensync/testkit';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { indexChanges } from '../indexing/changed-documents.ts';
import { searchIndex } from '../indexing/search-index.ts';
import { vectorIndex } from '../indexing/vector-index.ts';
import { documentContents, indexContents } from '../rebuild/contents.ts';
import { raw } from './deliveries.ts';
import { fakeEmbedder } from './fake-embedder.ts';
import { digestOf } from './running-projections.ts';

/** One of several projectors that work on the same stores. */
export type Replica = Awaited<ReturnType<typeof openReplica>>;

/**
 * @param told receives the announced changes, like CHANGES
 * @param log all events, for deletions that are folded after later ones
 */
export async function openReplica(settings: Settings, told: Delivery[], log: readonly Delivery[]) {
  const [documents, search, vectors] = await Promise.all([
    openGeneration(settings, 'documents', 1),
    openGeneration(settings, 'search', 1),
    openGeneration(settings, 'vectors', 1),
  ]);
  const payloads = { text: () => Promise.reject(new Error('nothing lies beside the log')) };
  const { embed } = fakeEmbedder();
  const indexes = [searchIndex(search, payloads), vectorIndex({ vectors, payloads, embed })];
  const publishChanges = async (owner: Owner, changed: DocumentChanges) => {
    const { removed, ...named } = changed;
    for (const body of [named, ...(removed ? [{ removed }] : [])]) {
      told.push(raw(changeSubject(owner), told.length + 1, JSON.stringify(body)));
    }
  };
  async function* history(owner: Owner, after: number) {
    const later = ({ subject, sequence }: Delivery) => sequence > after && isOfOwner(subject, owner);
    yield log.filter(later);
  }
  const projection = new DocumentsProjection({ documents, publishChanges, history });
  return {
    project: (batch: readonly Delivery[]) => untilTaken(() => projection.apply(batch)),

    async index(changes: readonly Delivery[]): Promise<void> {
      await Promise.all(indexes.map((index) => untilTaken(() => indexChanges(changes, documents, index))));
    },

    /** The contents of the stores for these owners: equal exactly if the stores hold the same. */
    async contents(owners: readonly Owner[], words: readonly string[]) {
      const found = async (owner: Owner, word: string) => {
        const hits = await search.search(owner, { parsed: parseQuery(word), filter: {}, limit: 50 });
        // Of rows that match as well, which one is shown depends on the order in which they were written.
        return hits.map(({ sessionId }) => `${word} ${sessionId}`).sort();
      };
      return {
        documents: await digestOf(documentContents(documents), owners),
        search: await digestOf(indexContents(withOwnVersions(search), documents), owners),
        vectors: await digestOf(indexContents(withOwnVersions(vectors), documents), owners),
        gone: await Promise.all(owners.map((owner) => documents.goneSessions(owner, { limit: 100 }))),
        counts: [(await search.describe()).counts, (await vectors.describe()).counts],
        // The digest of an index row does not have its words.
        found: await Promise.all(owners.map(async (owner) => Promise.all(words.map((word) => found(owner, word))))),
      };
    },

    async close(): Promise<void> {
      await Promise.all([documents.close(), search.close(), vectors.close()]);
    },
  };
}

function isOfOwner(subject: string, { workspaceId, userId }: Owner): boolean {
  return subject.includes(`.${workspaceId}.${userId}.`);
}

/** The same again where another replica was faster, as consumers do. */
async function untilTaken<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error)) throw error;
    }
  }
}

interface Versions {
  readonly version: number;
  readonly headingVersion: number;
}
interface Index<Row extends Versions> {
  indexed(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, Row>>;
}

/**
 * Messages' rows by what they say themselves. The version of the heading that a row was written with depends on when that
 * was: every message makes it a newer one, and no row is written again for a heading that says the same.
 */
export function withOwnVersions<Row extends Versions>({ indexed }: Index<Row>): Index<Row> {
  return {
    async indexed(owner, ids) {
      const own = ([id, row]: [string, Row]): [string, Row] => {
        const isSession = row.version === row.headingVersion;
        return isSession ? [id, row] : [id, { ...row, version: row.version - row.headingVersion, headingVersion: 0 }];
      };
      return new Map([...(await indexed(owner, ids))].map(own));
    },
  };
}

/**
 * Sessions of each owner under the same ids, that grow and change beside each other; some events are there twice. One session is
 * deleted in the middle and sent again, another one is deleted at the end (with `deletions`).
 */
export function aHistory(owners: readonly Owner[], sessions: number, { deletions = true } = {}): NewEvent[] {
  const places = owners.flatMap((owner) =>
    Array.from({ length: sessions }, (_, at) => ({ owner, externalId: `session-${at}` })),
  );
  const steps = [
    (session: Place) => [aSession(session, { title: 'Herons', promptTokens: 7 })],
    (session: Place) => [aMessage(session, 0, 'draft'), aMessage(session, 1, 'draft')],
    (session: Place) =>
      twice(aMessage(session, 2, 'draft', 2), aPart(session, 2, 0, 'draft'), aPart(session, 2, 1, 'draft')),
    (session: Place) => [aSession(session, { title: 'Bitterns', promptTokens: 0, model: 'large' })],
    (session: Place) => (session.externalId === 'session-1' ? [aSessionDeleted('session-1', session)] : []),
    (session: Place) => twice(aMessage(session, 1, 'final')),
    (session: Place) => [aMessage(session, 2, 'final', 1), aPart(session, 2, 0, 'final')],
    (session: Place) => [...twice(aSession(session, { cost: 0.1 })), aMessage(session, 3, 'final')],
    (session: Place) => (session.externalId === 'session-2' ? [aSessionDeleted('session-2', session)] : []),
  ];
  const events = steps.flatMap((step) => places.flatMap(step));
  return deletions ? events : events.filter(({ type }) => type !== 'dev.opensync.session.deleted.v1');
}

interface Place {
  readonly owner: Owner;
  readonly externalId: string;
}

/** As a publish does that was repeated because its acknowledgement was lost. */
function twice(...events: NewEvent[]): NewEvent[] {
  return [...events, ...events];
}

function aSession({ owner, externalId }: Place, data: object): NewEvent {
  return aSessionSynced({ externalId, ...data }, { owner });
}

function aMessage({ owner, externalId }: Place, at: number, word: string, partCount?: number) {
  const textContent = `${word} words ${at} of ${externalId}`;
  const counted = partCount === undefined ? {} : { partCount };
  return aMessageSynced(
    { externalId: `m${at}`, sessionExternalId: externalId, role: 'user', textContent, promptTokens: at, ...counted },
    { owner },
  );
}

function aPart(session: Place, at: number, order: number, content: string): NewEvent {
  const sessionId = sessionIdOf(session.owner, session.externalId);
  const { messageId } = aMessage(session, at, '').data;
  return aPartSynced({ sessionId, messageId, order, content: `${content} part ${order}` }, { owner: session.owner });
}
