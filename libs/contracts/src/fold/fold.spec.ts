import fc from 'fast-check';
import { eventsOf, history, nothing, project, shuffled, type Documents, type Sync } from '../testing/histories.ts';
import { currentParts, messageView, sessionView } from '../views.ts';

/** States with their keys sorted, so that two maps filled in different orders compare equal. */
const digest = ({ session, message, parts }: Documents) => ({ session, message, parts: Object.fromEntries(parts) });

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

  it('equals the plain reference fold for streams in arrival order', () => {
    fc.assert(
      fc.property(history, (syncs) => {
        const { session, message, parts } = project(nothing, eventsOf(syncs));
        const expected = referenceFold(syncs);
        expect(session && pick(sessionView(session), expected.session)).toEqual(expected.session);
        expect(message && pick(messageView(message, []), expected.message ?? {})).toEqual(expected.message);
        expect(currentParts({ message, parts: [...parts.values()] }).map((part) => part.content)).toEqual(
          expected.parts,
        );
      }),
      { numRuns: 500 },
    );
  });
});

function pick(view: object, like: object) {
  return Object.fromEntries(Object.entries(view).filter(([name]) => name in like));
}

/** The merge rules of the HTTP contract, said as plainly as possible: apply each request to two records in turn. */
function referenceFold(syncs: readonly Sync[]) {
  const session: Record<string, unknown> = {
    title: null,
    model: null,
    promptTokens: 0,
    completionTokens: 0,
    cost: 0,
    durationMs: 0,
    messageCount: 0,
    createdAt: 1001,
  };
  let source: string | undefined;
  let messageSource: string | undefined;
  let totalTokens = 0;
  let message: Record<string, unknown> | undefined;
  let parts: unknown[] = [];
  let sequence = 0;
  const neverZeroed = ['promptTokens', 'completionTokens', 'cost', 'durationMs', 'messageCount'];
  for (const sync of syncs) {
    sequence++;
    if (sync.kind === 'session') {
      const { source: sent, totalTokens: total, ...fields } = sync.data;
      source = sent ?? source;
      totalTokens = total || totalTokens;
      for (const [name, value] of Object.entries(fields)) {
        if (value === undefined || (neverZeroed.includes(name) && value === 0)) continue;
        session[name] = value;
      }
      continue;
    }
    const { source: sent, textContent, ...fields } = sync.data;
    messageSource = sent ?? messageSource;
    message ??= { role: 'unknown', text: null, promptTokens: 0, durationMs: 0, createdAt: 1000 + sequence };
    for (const [name, value] of Object.entries({ ...fields, text: textContent })) {
      if (value === undefined || (neverZeroed.includes(name) && value === 0)) continue;
      message[name] = value;
    }
    if (sync.parts) {
      parts = sync.parts.map((part) => part.content);
      sequence += sync.parts.length;
    }
  }
  session.source = source ?? messageSource ?? 'opencode';
  session.totalTokens = totalTokens || Number(session.promptTokens) + Number(session.completionTokens);
  return { session, message, parts };
}
