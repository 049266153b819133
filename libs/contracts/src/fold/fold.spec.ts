import fc from 'fast-check';
import { promptOf, titleOfPrompt } from '../naming/prompt-title.ts';
import { isPlaceholderName, isPlaceholderTitle } from '../naming/placeholders.ts';
import {
  eventsOf,
  history,
  historyWithDeletions,
  messageWithParts,
  nothing,
  project,
  projectWithDeletions,
  shuffled,
  type Documents,
  type Sync,
} from '../testing/histories.ts';
import { WHOLE_IN_HEAD } from './prompt.ts';
import { currentParts, messageView, sessionView } from '../views.ts';

/** States with their keys sorted, so that two maps filled in different orders compare equal. */
const digest = ({ session, messages, parts }: Documents) => ({
  session,
  messages: Object.fromEntries(messages),
  parts: Object.fromEntries(parts),
});

describe('folding', () => {
  it('gives the same documents for any order, duplication and split into batches', () => {
    const delivery = history.chain((syncs) => {
      const events = eventsOf(syncs);
      return fc.record({
        events: fc.constant(events),
        delivered: shuffled(events),
        batchSizes: fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
      });
    });
    fc.assert(
      fc.property(delivery, ({ events, delivered, batchSizes }) => {
        let documents = nothing;
        for (let at = 0; at < delivered.length;) {
          const size = batchSizes.next().value!;
          documents = project(documents, delivered.slice(at, at + size));
          at += size;
        }
        expect(digest(documents)).toEqual(digest(project(nothing, events)));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps of a deleted session only later events, in any order, duplication and split into batches', () => {
    const delivery = historyWithDeletions.chain((syncs) => {
      const events = eventsOf(syncs);
      return fc.record({
        events: fc.constant(events),
        delivered: shuffled(events),
        batchSizes: fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
      });
    });
    fc.assert(
      fc.property(delivery, ({ events, delivered, batchSizes }) => {
        let documents = nothing;
        for (let at = 0; at < delivered.length;) {
          const size = batchSizes.next().value!;
          documents = projectWithDeletions(documents, delivered.slice(at, at + size), events);
          at += size;
        }
        const last = events.findLastIndex(({ type }) => type === 'dev.opensync.session.deleted.v1');
        const later = events.slice(last + 1);
        const expected = digest(project(nothing, later));
        const { session, ...others } = digest(documents);
        expect(others).toEqual({ messages: expected.messages, parts: expected.parts });
        if (last === -1) expect(session).toEqual(expected.session);
        else if (later.length > 0) expect(session).toEqual({ ...expected.session, deletion: { sequence: last + 1 } });
        else expect(session).toMatchObject({ fields: {}, sequences: {}, deletion: { sequence: last + 1 } });
      }),
      { numRuns: 1000 },
    );
  });

  it('equals the plain reference fold for streams in arrival order', () => {
    fc.assert(
      fc.property(history, (syncs) => {
        const documents = project(nothing, eventsOf(syncs));
        const expected = referenceFold(syncs);
        expect(documents.session && pick(sessionView(documents.session), expected.session)).toEqual(expected.session);
        for (const [externalId, { parts, ...fields }] of expected.messages) {
          const whole = messageWithParts(documents, externalId);
          expect(pick(messageView(whole.message!, []), fields)).toEqual(fields);
          expect(currentParts(whole).map((part) => part.content)).toEqual(parts);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function pick(view: object, like: object) {
  return Object.fromEntries(Object.entries(view).filter(([name]) => name in like));
}

interface ReferenceMessage extends Record<string, unknown> {
  parts: unknown[];
  createdAt: number;
  at: number;
}

const AMOUNTS = ['promptTokens', 'completionTokens', 'cacheReadTokens', 'cost'];
const NEVER_ZEROED = [...AMOUNTS, 'totalTokens', 'durationMs', 'messageCount'];
const isPlaceholder = (name: string, value: unknown) =>
  name === 'title'
    ? isPlaceholderTitle(String(value))
    : ['model', 'provider'].includes(name) && isPlaceholderName(String(value));

/** One request's fields applied to the known ones, by the merge rules of the HTTP contract. */
function merge(into: Record<string, unknown>, fields: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (NEVER_ZEROED.includes(name) && value === 0 && into[name]) continue;
    if (isPlaceholder(name, value) && into[name] != null && !isPlaceholder(name, into[name])) continue;
    into[name] = value;
  }
}

const UNCURATED = { evalReady: false, evalStatus: null, evalNotes: null, evalTags: [], expectedOutput: null };

/** The merge rules of the HTTP contract in their simplest form: apply each request to records in turn. */
function referenceFold(syncs: readonly Sync[]) {
  const session: Record<string, unknown> = {};
  let messageSource: string | undefined;
  let curated: Record<string, unknown> = {};
  const messages = new Map<string, ReferenceMessage>();
  let sequence = 0;
  for (const sync of syncs) {
    sequence++;
    if (sync.kind === 'delete') continue;
    if (sync.kind === 'curate') {
      curated = { ...curated, ...definedOf(sync.data) };
      continue;
    }
    if (sync.kind === 'session') {
      merge(session, sync.data);
      continue;
    }
    const { source, textContent, prompt, ...fields } = sync.data;
    const { externalId = 'm' } = sync;
    messageSource = source ?? messageSource;
    const message = messages.get(externalId) ?? {
      ...{ role: 'unknown', text: null, model: null, provider: null, promptTokens: 0, durationMs: 0 },
      ...{ parts: [], createdAt: 1000 + sequence, at: sequence },
    };
    messages.set(externalId, message);
    // The gateway's prompt counts, otherwise the text. A long text whose prompt belongs to another text has none.
    const isOthers = fields.role === 'assistant' && textContent !== undefined && textContent.length > WHOLE_IN_HEAD;
    const said = textContent === undefined ? undefined : isOthers ? '' : (promptOf(textContent) ?? '');
    merge(message, { ...fields, text: textContent, prompt: prompt ?? said });
    if (sync.parts) {
      message.parts = sync.parts.map((part) => part.content);
      sequence += sync.parts.length;
    }
  }
  const inOrder = [...messages.values()].sort((a, b) => a.createdAt - b.createdAt || a.at - b.at);
  const said = {
    visibility: 'private',
    ...UNCURATED,
    ...referenceSession(session, messageSource, inOrder),
    ...curated,
  };
  return { session: said as Record<string, unknown>, messages: new Map([...messages].map(shown)) };
}

function definedOf(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function shown([id, { at: _at, prompt: _prompt, requestId: _requestId, ...message }]: [string, ReferenceMessage]) {
  return [id, message] as const;
}

function referenceSession(
  said: Record<string, unknown>,
  messageSource: string | undefined,
  messages: readonly ReferenceMessage[],
) {
  const sent = (name: string) => (said[name] == null || isPlaceholder(name, said[name]) ? undefined : said[name]);
  const firstReal = (name: string) =>
    messages.map((message) => message[name]).find((value) => value != null && !isPlaceholder(name, value));
  const prompt = messages
    .filter(({ role }) => role === 'user')
    .map(({ prompt }) => prompt)
    .find(Boolean);
  const amount = (name: string) => said[name] || sumOver(messages, name);
  const session: Record<string, unknown> = {
    title: sent('title') ?? (prompt && titleOfPrompt(String(prompt))) ?? said.title ?? null,
    model: sent('model') ?? firstReal('model') ?? said.model ?? null,
    provider: sent('provider') ?? firstReal('provider') ?? said.provider ?? null,
    source: said.source ?? messageSource ?? 'opencode',
    createdAt: said.createdAt ?? Math.min(1001, ...messages.map(({ createdAt }) => createdAt)),
    durationMs: said.durationMs ?? 0,
    messageCount: messages.length || (said.messageCount ?? 0),
    ...Object.fromEntries(AMOUNTS.map((name) => [name, amount(name)])),
  };
  const least =
    Math.max(Number(session.promptTokens), Number(session.cacheReadTokens)) + Number(session.completionTokens);
  session.totalTokens = Math.max(Number(said.totalTokens ?? 0), least);
  return session;
}

/** Each response once, with the highest amount of any message. */
function sumOver(messages: readonly ReferenceMessage[], name: string): number {
  const responses = new Map<unknown, number>();
  for (const message of messages) {
    const response = message.requestId ?? message;
    responses.set(response, Math.max(responses.get(response) ?? 0, Number(message[name] ?? 0)));
  }
  return [...responses.values()].reduce((sum, value) => sum + value, 0);
}
