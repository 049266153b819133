import { aMessageSynced, anOwner, aSessionSynced } from '@opensync/testkit';
import { noHistory, stream } from '../testing/deliveries.ts';
import { openIndexing, type Indexing } from '../testing/indexing.ts';
import { DocumentsProjection } from './documents-projection.ts';

const owner = anOwner();
const { sessionId } = aSessionSynced().data;

describe('a projector that loses races', () => {
  let indexing: Indexing;
  let pauses: number[];
  beforeEach(async () => {
    indexing = await openIndexing();
    pauses = [];
  });
  afterEach(() => indexing.close());

  /** One whose first `losses` saves another projector beats. */
  const projection = (losses: number) => {
    let saves = 0;
    return new DocumentsProjection({
      history: noHistory,
      documents: {
        ...indexing.documents,
        save: async (documents) => {
          saves += 1;
          if (saves > losses) return indexing.documents.save(documents);
          return [...documents.sessions, ...documents.messages].map(({ id }) => id);
        },
      },
      publishChanges: async () => undefined,
      pause: async (ms) => pauses.push(ms),
    });
  };
  const events = stream([aMessageSynced(), aSessionSynced({ title: 'Herons nest' })]);

  it('pauses before each further attempt, and saves all in the end', async () => {
    expect(await projection(15).apply(events)).toEqual({ poison: [] });
    const { sessions } = await indexing.documents.load(owner, { sessions: [sessionId] });
    expect(sessions.get(sessionId)).toMatchObject({ fields: { title: 'Herons nest' }, rollup: { messageCount: 1 } });
    expect(pauses).toHaveLength(15);
    expect(pauses.every((ms) => ms >= 0 && ms <= 250)).toBe(true);
    expect(new Set(pauses).size).toBe(15);
  });

  it('returns the batch for a retry if it keeps losing, and treats no event as poison', async () => {
    await expect(projection(Infinity).apply(events)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(pauses).toHaveLength(19);
  });
});
