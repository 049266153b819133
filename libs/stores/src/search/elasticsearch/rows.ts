import { ownerKey, type Owner, type Reader, type Visibility } from '@opensync/contracts';
import { columnsOf } from '../columns.ts';
import type { SessionHeading } from '../../heading.ts';
import type { SearchDocument } from '../port.ts';
import { labelsIn } from '../../labels.ts';
import { GAP } from '../index-text.ts';

/** Characters (UTF-16) of a row's texts up to which searches bring them along, so that their memory stays bounded. */
const LONGEST_ORDINARY_TEXTS = 64 * 1024;

export interface Texts {
  readonly text: string;
  readonly toolText: string;
}

/** The stored texts of a row: `text` and `toolText` of an ordinary row, `long` of a large one. */
export interface StoredRow extends Omit<SessionHeading, 'visibility' | 'labels'>, Partial<Texts> {
  readonly owner: string;
  /** Absent from rows of earlier versions, which are private. */
  readonly visibility?: Visibility;
  readonly sessionId: string;
  readonly messageId?: string;
  readonly headingVersion: number;
  readonly long?: Texts;
  /** Absent from rows of earlier versions. */
  readonly labels?: readonly string[];
}

export const HEADING_FIELDS = [
  'title',
  'projectName',
  'projectPath',
  'source',
  'model',
  'createdAt',
  'visibility',
  'labels',
] as const;

/** Ids are an owner's own; two may have equal ones. */
export function rowId(owner: Owner, id: string): string {
  return `${ownerKey(owner)}/${id}`;
}

/** Whether the reader may see a row of their workspace. */
export function isVisible(reader: Reader, { owner, visibility }: Pick<StoredRow, 'owner' | 'visibility'>): boolean {
  return owner === ownerKey(reader) || (reader.sessions === 'visible' && visibility === 'workspace');
}

/** A row as it is sent, but for its id and version. */
export function rowOf(owner: Owner, document: SearchDocument): Record<string, unknown> {
  const { title, projectName, projectPath, source, model, createdAt, visibility, sessionId, messageId } = document;
  const texts: Texts = { text: document.text.toWellFormed(), toolText: document.toolText.toWellFormed() };
  const isLong = texts.text.length + texts.toolText.length > LONGEST_ORDINARY_TEXTS;
  return {
    owner: ownerKey(owner),
    workspace: owner.workspaceId,
    visibility,
    sessionId,
    messageId,
    source: source.toWellFormed(),
    model: model.toWellFormed(),
    projectName: projectName.toWellFormed(),
    projectPath: projectPath.toWellFormed(),
    createdAt,
    headingVersion: document.headingVersion ?? 0,
    firstSequence: document.firstSequence ?? 0,
    title: title.toWellFormed(),
    labels: labelsIn(document.labels),
    ownLabels: labelsIn(document.ownLabels),
    ...(isLong ? { long: texts } : texts),
    words: wordsOf(document),
  };
}

/**
 * No column stays empty: the rarity of a word is counted among the rows that have the column, so a word in one of few
 * titles would seem common.
 */
function wordsOf(document: SearchDocument): Record<string, string> {
  return Object.fromEntries(Object.entries(columnsOf(document)).map(([column, words]) => [column, words || GAP]));
}
