import { createHash } from 'node:crypto';
import {
  evolve,
  firstSequenceOfRow,
  headingVersion,
  isFailedPart,
  messageWords,
  messageRowVersion,
  sessionView,
  toolFactsOf,
  touchedBy,
  type MessageState,
  type NewEvent,
  type Owner,
  type PartState,
  type SessionState,
  type StoredEvent,
} from '@opensync/contracts';
import {
  chunkText,
  label,
  labelsText,
  sessionLabels,
  WITH_ERRORS,
  type DocumentStore,
  type SearchStore,
  type VectorStore,
} from '@opensync/stores';
import { storeFigures } from './stored-figures.ts';

/**
 * Writes documents and index rows to the stores as the projections would, for one owner and all at once: omitted
 * fields stay unchanged. `vectorOf` returns a text's vector; the first event has sequence `first`, 1 by default.
 */
export async function storeEvents(
  stores: { readonly documents?: DocumentStore; readonly search?: SearchStore; readonly vectors?: VectorStore },
  owner: Owner,
  events: readonly NewEvent[],
  { vectorOf, first = 1 }: { vectorOf?: (text: string) => Float32Array; first?: number } = {},
): Promise<void> {
  const sessions = new Map<string, SessionState>();
  const messages = new Map<string, MessageState>();
  const parts = new Map<string, PartState>();
  for (const [index, event] of events.entries()) {
    const stored = { ...event, sequence: first + index } as StoredEvent;
    const touched = touchedBy(stored);
    const session = touched.session && evolve('session', sessions.get(touched.session), stored);
    if (session) sessions.set(session.id, session);
    const message = touched.message && evolve('message', messages.get(touched.message), stored);
    if (message) messages.set(message.id, message as MessageState);
    const part = touched.part && evolve('part', parts.get(touched.part), stored);
    if (part) parts.set(part.id, part);
  }
  const withoutRevision = <State>(states: Iterable<State>) => [...states].map((state) => ({ ...state, revision: 0 }));
  const counted = [...sessions.values()].map((state) => {
    const messageCount = [...messages.values()].filter(({ sessionId }) => sessionId === state.id).length;
    const failed = [...parts.values()].some((part) => part.sessionId === state.id && isFailedPart(part));
    return { ...state, rollup: { ...state.rollup, messageCount, ...(failed && { hasErrors: true as const }) } };
  });
  await stores.documents?.save({
    sessions: withoutRevision(counted),
    messages: withoutRevision(messages.values()),
    parts: [...parts.values()],
  });
  if (stores.documents) await storeFigures(stores.documents, counted);

  const headings = counted.map((state) => {
    const { title, projectName, projectPath, source, model, createdAt, visibility } = sessionView(state);
    const heading = {
      projectName: projectName ?? '',
      projectPath: projectPath ?? '',
      source,
      model: model ?? '',
      createdAt,
      visibility,
      labels: sessionLabels(state),
    };
    const version = headingVersion(state);
    const ids = { id: state.id, sessionId: state.id };
    const row = {
      ...ids,
      version,
      headingVersion: version,
      firstSequence: state.span.firstSequence,
      title: title ?? '',
      ...heading,
    };
    return { ...row, text: '', toolText: '' };
  });
  const rows = [...messages.values()].map((message) => {
    const heading = headings.find(({ id }) => id === message.sessionId)!;
    const own = { message, parts: [...parts.values()].filter((part) => part.messageId === message.id) };
    const session = sessions.get(message.sessionId)!;
    const versions = { version: messageRowVersion(own, session), firstSequence: firstSequenceOfRow(own, session) };
    const { text, role = 'unknown' } = message.fields;
    const ownLabels = labelsText([
      label('role', role),
      ...own.parts
        .flatMap((part) => toolFactsOf(part.type, part.content)?.toolName ?? [])
        .map((tool) => label('tool', tool)),
      ...(own.parts.some(isFailedPart) ? [WITH_ERRORS] : []),
    ]);
    return {
      ...heading,
      id: message.id,
      messageId: message.id,
      ...versions,
      ownLabels,
      text: typeof text === 'string' ? text : '',
    };
  });
  await stores.search?.index(owner, [...headings, ...rows]);
  if (!vectorOf) return;
  await stores.vectors?.upsert(
    owner,
    [...headings, ...rows].map(({ text, toolText: _toolText, title, ...row }) => {
      const words = 'messageId' in row ? messageWords({ text, parts: [] }).embedded : title;
      const chunks = chunkText(words).map((chunk) => ({
        hash: createHash('sha256').update(chunk).digest('hex'),
        vector: vectorOf(chunk),
      }));
      return { ...row, collection: 'messageId' in row ? ('messages' as const) : ('sessions' as const), chunks };
    }),
  );
}
