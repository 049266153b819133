import type { FigureMember, MessageHead, Owner, PartState, SessionState } from '@opensync/contracts';
import { MongoServerError, type Collection, type Db, type IndexDescriptionInfo, type ObjectId } from 'mongodb';

/** The owner of a document, and a key that no document of another owner can have. */
interface Owned {
  /** Workspace, user and id: reading by key cannot reach another owner's document. */
  readonly _id: string;
  readonly workspaceId: string;
  readonly userId: string;
  readonly id: string;
}

/** `unknown`: fields of a newer version, as JSON text for the same reason as the contents of parts. */
interface Guarded extends Owned {
  readonly revision: number;
  /** Which save wrote this revision, so that a partly overtaken save can tell which documents lost. */
  readonly savedBy: ObjectId;
  /** Of a session whose figures may be out of date: the last save of it or of its messages and parts. */
  readonly figuresDue?: ObjectId;
}

/**
 * The remainder of a deleted session, or a session in the trash. It names no workspace and no user, so that it is found
 * only by its key; its external id is the key.
 */
export interface GoneSessionDocument extends Pick<Guarded, '_id' | 'id' | 'revision' | 'savedBy' | 'figuresDue'> {
  readonly gone: true;
  /** For the index by external id, which must be unique. */
  readonly externalId: string;
  /** The session's own. */
  readonly formerId: string;
  readonly span: SessionState['span'];
  readonly deletion?: SessionState['deletion'];
  readonly trash?: {
    readonly at: number;
    readonly owner: Owner;
    /** All else of the session's state as JSON text: no filter may find any of it. */
    readonly kept: string;
  };
}

/**
 * The folded state, and the readers' view of it, so that a filter finds what a list shows. Times are ms since the
 * epoch.
 */
export interface SessionDocument extends Guarded {
  readonly gone?: undefined;
  readonly externalId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly source: string;
  readonly model: string | null;
  readonly projectName: string | null;
  readonly projectPath: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  readonly cost: number;
  readonly durationMs: number;
  /** The next three are missing in documents of earlier versions. */
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
  readonly reasoningTokens?: number;
  readonly fields: SessionState['fields'];
  readonly sequences: SessionState['sequences'];
  readonly ranks?: SessionState['ranks'];
  readonly span: SessionState['span'];
  readonly rollup: SessionState['rollup'];
  readonly deletion?: SessionState['deletion'];
  readonly unknown?: string;
  /** It waits for a verdict. */
  readonly inReview?: boolean;
  /** Missing in documents of earlier versions, like inReview. */
  readonly labels?: readonly string[];
}

export interface MessageDocument extends Guarded {
  readonly externalId: string;
  readonly sessionId: string;
  readonly createdAt: number;
  /** Sequence of its first event: the order of arrival. */
  readonly sequence: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cost: number;
  /** The next ones are missing in documents of earlier versions. */
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
  readonly reasoningTokens?: number;
  readonly toolCallCount?: number;
  readonly factsVersion?: number;
  readonly requestId?: string | null;
  /** With its place, like the next two. */
  readonly prompt?: string | null;
  readonly model?: string | null;
  readonly provider?: string | null;
  /** Contracts' `packMessageOutline`. */
  readonly outline?: string;
  /** Stored with the whole text, however long. */
  readonly fields: MessageHead['fields'];
  readonly sequences: MessageHead['sequences'];
  readonly span: MessageHead['span'];
  readonly unknown?: string;
}

export interface PartDocument extends Owned {
  readonly messageId: string;
  readonly sessionId: string;
  readonly order: number;
  readonly sequence: number;
  readonly type: string;
  /** JSON text: content has keys with a meaning in MongoDB (`$set`, `a.b`) and numbers whose type BSON would change. */
  readonly content?: string;
  readonly contentRef?: PartState['contentRef'];
  /** JSON text, for the same reason. */
  readonly extra?: string;
  readonly extraRef?: PartState['extraRef'];
  readonly media?: PartState['media'];
  readonly unknown?: string;
  readonly retired?: true;
  /** Contracts' `partOutline` as JSON; missing in documents of earlier versions. */
  readonly facts?: string;
  /** The call id of a tool call or its result. */
  readonly call?: string;
  /** The call failed. */
  readonly failed?: true;
}

/** What a session contributes to figures. Emptied, it stays under its key, so that its revision never repeats. */
export interface ContributionDocument {
  /** As the session's. */
  readonly _id: string;
  readonly revision: number;
  readonly workspaceId: string;
  readonly userId: string;
  readonly shared: boolean;
  /** Figures as JSON text, since names may have a meaning in MongoDB (`$set`, `a.b`). */
  readonly quarters: readonly { readonly quarter: number; readonly figures: string }[];
  /** The sum of their totals. Absent in documents from before it. */
  readonly totals?: readonly number[];
  readonly pending: readonly { readonly quarter: number; readonly shared: boolean }[];
}

/** Figures of a scope in a period; its members as JSON text, for the same reason. */
export interface FigureDocument extends Readonly<Record<FigureMember, string>> {
  readonly _id: string;
  readonly workspaceId: string;
  /** Empty: of what all members share. */
  readonly userId: string;
  readonly shared: boolean;
  readonly level: number;
  readonly number: number;
  readonly revision: number;
}

export interface RatingDocument {
  readonly _id: 'rating';
  readonly digest: string;
  readonly marked: boolean;
}

export interface Collections {
  /** The deleted sessions. */
  readonly gone: Collection<GoneSessionDocument>;
  readonly sessions: Collection<SessionDocument>;
  readonly messages: Collection<MessageDocument>;
  readonly parts: Collection<PartDocument>;
  readonly contributions: Collection<ContributionDocument>;
  readonly figures: Collection<FigureDocument>;
  readonly rating: Collection<RatingDocument>;
}

export function collectionsOf(database: Db, prefix: string): Collections {
  return {
    gone: database.collection(`${prefix}sessions`),
    sessions: database.collection(`${prefix}sessions`),
    messages: database.collection(`${prefix}messages`),
    parts: database.collection(`${prefix}parts`),
    contributions: database.collection(`${prefix}contributions`),
    figures: database.collection(`${prefix}figures`),
    rating: database.collection(`${prefix}rating`),
  };
}

export interface IndexDefinition {
  readonly name: string;
  /**
   * Fields in order, all ascending: every query sorts all its fields in one direction, and an index can be read both
   * ways.
   */
  readonly fields: readonly string[];
  readonly unique?: true;
  /** Only documents that have one of the fields. */
  readonly sparse?: true;
  /** Only these documents. A query must ask for them. */
  readonly partialFilterExpression?: Readonly<Record<string, string | boolean | { readonly $exists: true }>>;
}

const OWNER = ['workspaceId', 'userId'] as const;

/** A session that its owner shares with the workspace. */
export const SHARED = { 'fields.visibility': 'workspace' } as const;
const SHARED_FIELDS = ['workspaceId', ...Object.keys(SHARED)];

/** A session that waits for a verdict. */
export const IN_REVIEW = { inReview: true } as const;

/** A session that an agent of another one started. */
export const WITH_PARENT = { 'fields.parentExternalId': { $exists: true } } as const;

/** A part with a call id. */
const WITH_CALL = { call: { $exists: true } } as const;

/** A part that says that a tool failed. */
export const FAILED = { failed: true } as const;

type IndexedCollection = Exclude<keyof Collections, 'gone' | 'rating'>;

/** Every index, with its purpose. All other reads use `_id`. */
export const INDEXES: { readonly [Name in IndexedCollection]: readonly IndexDefinition[] } = {
  sessions: [
    { name: 'sessions_by_update', fields: [...OWNER, 'updatedAt', '_id'] },
    { name: 'sessions_by_creation', fields: [...OWNER, 'createdAt', '_id'] },
    { name: 'sessions_by_source', fields: [...OWNER, 'source', 'createdAt', '_id'] },
    { name: 'sessions_shared', fields: [...SHARED_FIELDS, 'id'], partialFilterExpression: SHARED },
    {
      name: 'sessions_shared_by_creation',
      fields: [...SHARED_FIELDS, 'createdAt', 'id'],
      partialFilterExpression: SHARED,
    },
    {
      name: 'sessions_shared_by_update',
      fields: [...SHARED_FIELDS, 'updatedAt', 'id'],
      partialFilterExpression: SHARED,
    },
    {
      name: 'sessions_in_review',
      fields: [...OWNER, 'createdAt', '_id'],
      partialFilterExpression: IN_REVIEW,
    },
    {
      name: 'sessions_shared_in_review',
      fields: [...SHARED_FIELDS, 'createdAt', 'id'],
      partialFilterExpression: { ...SHARED, ...IN_REVIEW },
    },
    {
      name: 'sessions_by_parent',
      fields: [...OWNER, ...Object.keys(WITH_PARENT), 'createdAt', '_id'],
      partialFilterExpression: WITH_PARENT,
    },
    { name: 'sessions_public', fields: ['fields.publication.hash'], sparse: true },
    { name: 'sessions_trashed', fields: ['trash.at'], sparse: true },
    { name: 'sessions_gone', fields: ['gone'], sparse: true },
    { name: 'sessions_figures_due', fields: ['figuresDue'], sparse: true },
    { name: 'sessions_by_external_id', fields: [...OWNER, 'externalId'], unique: true },
  ],
  messages: [
    {
      name: 'messages_with_facts',
      // The order of a session's messages, and all fields that its rollup needs: the messages themselves are not read
      // for it.
      fields: [
        ...[...OWNER, 'sessionId', 'createdAt', 'sequence', 'promptTokens', 'completionTokens', 'cacheReadTokens'],
        ...[
          'cacheWriteTokens',
          'reasoningTokens',
          'cost',
          'toolCallCount',
          'factsVersion',
          'requestId',
          'prompt',
          'model',
        ],
        'provider',
      ],
    },
    { name: 'messages_outline', fields: [...OWNER, 'sessionId', 'createdAt', 'sequence', 'id', 'outline'] },
    { name: 'messages_with_media', fields: ['fields.media.sha256'], sparse: true },
  ],
  parts: [
    { name: 'parts_of_message', fields: [...OWNER, 'messageId'] },
    {
      name: 'parts_outline',
      fields: [...OWNER, 'sessionId', 'messageId', 'order', 'sequence', 'type', 'facts', 'retired'],
    },
    {
      name: 'parts_by_call',
      fields: [...OWNER, 'sessionId', 'call', 'messageId', 'order', 'sequence', 'type', 'facts'],
      partialFilterExpression: WITH_CALL,
    },
    { name: 'parts_failed', fields: [...OWNER, 'sessionId', 'failed'], partialFilterExpression: FAILED },
    { name: 'parts_with_media', fields: ['media.sha256'], sparse: true },
  ],
  contributions: [{ name: 'contributions_by_quarter', fields: [...OWNER, 'shared', 'quarters.quarter'] }],
  figures: [
    { name: 'figures_of_owner', fields: [...OWNER, 'shared', 'level', 'number'] },
    { name: 'figures_of_workspace', fields: ['workspaceId', 'shared', 'level', 'number', 'userId'] },
  ],
};

/** Indexes of earlier versions that current ones replace; dropped if they are unchanged. */
const FORMER_INDEXES: { readonly [Name in IndexedCollection]?: readonly IndexDefinition[] } = {
  messages: [
    {
      name: 'messages_of_session',
      fields: [...OWNER, 'sessionId', 'createdAt', 'sequence', 'promptTokens', 'completionTokens', 'cost'],
    },
  ],
};

/** Creates missing indexes. A different one is left alone: its creator must replace it. */
export async function createIndexes(collections: Collections): Promise<void> {
  for (const name of Object.keys(INDEXES) as IndexedCollection[]) {
    const found = await indexesOf(collections[name]);
    const present = new Set(found.map((index) => index.name));
    const missing = INDEXES[name].filter((index) => !present.has(index.name));
    if (missing.length > 0) {
      const specifications = missing.map(({ fields, ...index }) => ({ ...index, key: keyOf(fields) }));
      try {
        await collections[name].createIndexes(specifications);
      } catch (error) {
        if (!isRefusedIndex(error)) throw error;
      }
    }
    for (const { name: former, fields } of FORMER_INDEXES[name] ?? []) {
      const asMade = found.find((index) => index.name === former && shapeOf(index) === shapeOf({ key: keyOf(fields) }));
      if (asMade) await dropIndex(collections[name], former);
    }
  }
}

/** If several processes start at once, one drops it. */
async function dropIndex(collection: Pick<Collection, 'dropIndex'>, name: string): Promise<void> {
  try {
    await collection.dropIndex(name);
  } catch (error) {
    // IndexNotFound.
    if (!(error instanceof MongoServerError && error.code === 27)) throw error;
  }
}

/** Problems of the indexes, one line each, for an operator. */
export async function indexProblems(collections: Collections): Promise<string[]> {
  const problems: string[] = [];
  for (const name of Object.keys(INDEXES) as IndexedCollection[]) {
    const present = new Map((await indexesOf(collections[name])).map((index) => [index.name, index]));
    for (const wanted of INDEXES[name]) {
      const found = present.get(wanted.name);
      const shape = shapeOf({ ...wanted, key: keyOf(wanted.fields) });
      const where = `index ${wanted.name} of ${collections[name].collectionName}`;
      if (!found) problems.push(`${where} is missing: ${shape}`);
      else if (shapeOf(found) !== shape) {
        problems.push(`${where} is ${shapeOf(found)} but must be ${shape}`);
      }
    }
  }
  return problems;
}

export async function indexesOf(collection: Pick<Collection, 'indexes'>): Promise<IndexDescriptionInfo[]> {
  try {
    return await collection.indexes();
  } catch (error) {
    // NamespaceNotFound: the collection does not exist yet.
    if (error instanceof MongoServerError && error.code === 26) return [];
    throw error;
  }
}

/** DuplicateKey, IndexOptionsConflict, IndexKeySpecsConflict: stored data prevents the index; it stays missing. */
function isRefusedIndex(error: unknown): boolean {
  return error instanceof MongoServerError && [11000, 85, 86].includes(Number(error.code));
}

function keyOf(fields: readonly string[]): Record<string, 1> {
  return Object.fromEntries(fields.map((field) => [field, 1 as const]));
}

/** The order of an index's fields counts, and JSON keeps it. */
function shapeOf({
  key,
  unique,
  sparse,
  partialFilterExpression: partial,
}: Pick<IndexDescriptionInfo, 'key' | 'unique' | 'sparse' | 'partialFilterExpression'>): string {
  const where = partial ? ` where ${JSON.stringify(partial)}` : '';
  return `${JSON.stringify(key)}${unique ? ' unique' : ''}${sparse ? ' sparse' : ''}${where}`;
}
