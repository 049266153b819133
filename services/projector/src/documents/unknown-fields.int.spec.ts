import { aMessageSynced, anOwner, aPartSynced, aSessionSynced } from '@opensync/testkit';
import type { NewEvent } from '@opensync/contracts';
import { stream } from '../testing/deliveries.ts';
import { openIndexing, type Indexing } from '../testing/indexing.ts';

const owner = anOwner();
const { sessionId } = aSessionSynced().data;
const { messageId } = aMessageSynced().data;

/** An event of a newer gateway. */
const withMood = <Event extends NewEvent>(event: Event, mood: string): Event => ({
  ...event,
  data: { ...event.data, mood },
});

describe('a projector beside a newer gateway', () => {
  let indexing: Indexing;
  beforeEach(async () => {
    indexing = await openIndexing();
  });
  afterEach(() => indexing.close());

  it('keeps unknown fields under their sequence, and does not index them', async () => {
    const events = stream([
      withMood(aSessionSynced({ title: 'Herons' }), 'merry'),
      withMood(aMessageSynced({ partCount: 1 }), 'merry'),
      withMood(aPartSynced({ content: 'bitterns' }), 'merry'),
      withMood(aSessionSynced({ title: 'Herons' }), 'sombre'),
      aSessionSynced({ title: 'Cranes' }),
    ]);
    // The second before the first.
    const changes = await indexing.apply([events[3]!, ...events]);
    await indexing.index(changes);

    const { sessions, messages } = await indexing.documents.load(owner, {
      sessions: [sessionId],
      messages: [messageId],
    });
    expect(sessions.get(sessionId)).toMatchObject({
      fields: { title: 'Cranes' },
      unknown: { mood: [{ sequence: 4, value: 'sombre' }] },
    });
    expect(messages.get(messageId)).toMatchObject({ unknown: { mood: [{ sequence: 2, value: 'merry' }] } });
    const { messages: whole } = await indexing.documents.wholeMessages(owner, [messageId], 1_000_000);
    expect(whole[0]!.parts).toMatchObject([{ unknown: { mood: [{ sequence: 3, value: 'merry' }] } }]);
    const found = (query: string) => indexing.find(owner, query);
    expect([await found('bitterns'), await found('merry'), await found('sombre')]).toEqual([[sessionId], [], []]);
  });
});
