import { messageIdOf, sessionIdOf } from '@opensync/contracts';
import { aMessageSynced, anOwner, aPartSynced, aSessionDeleted, aSessionSynced } from '@opensync/testkit';
import { delivery } from '../testing/deliveries.ts';
import { openIndexing, type Indexing } from '../testing/indexing.ts';

const owner = anOwner('ada@example.com');
const sessionId = sessionIdOf(owner, 's');
const messageId = messageIdOf(sessionId, 'm');

describe('the first event of a session’s rows according to the indexes', () => {
  let indexing: Indexing;
  beforeEach(async () => {
    indexing = await openIndexing();
  });
  afterEach(() => indexing.close());

  const left = (sequence: number) =>
    Promise.all(
      [indexing.documents, indexing.search, indexing.vectors].map((store) =>
        store.hasBefore(owner, sessionId, sequence),
      ),
    );
  const message = (textContent: string) =>
    aMessageSynced({ sessionExternalId: 's', externalId: 'm', textContent, partCount: 1 }, { owner });
  const part = () => aPartSynced({ sessionId, messageId, order: 0, content: 'reeds' }, { owner });
  const session = (title: string) => aSessionSynced({ externalId: 's', title }, { owner });

  it('is from before a deletion until they are removed, and from after it when the session is sent again', async () => {
    await indexing.index(
      await indexing.apply([delivery(session('Herons'), 5), delivery(message('nest'), 6), delivery(part(), 7)]),
    );
    expect([await left(5), await left(6)]).toEqual([
      [false, false, false],
      [false, true, true],
    ]);
    expect(await left(7)).toEqual([true, true, true]);
    const changes = await indexing.apply([
      delivery(aSessionDeleted('s', { owner }), 8),
      delivery(session('Bitterns'), 9),
      delivery(message('again'), 10),
      delivery(part(), 11),
    ]);
    expect(await left(8)).toEqual([false, true, true]);
    await indexing.index(changes);
    expect(await left(8)).toEqual([false, false, false]);
    // The session's own row is from its first event, a message is from the next one.
    expect([await left(9), await left(10), await left(11)]).toEqual([
      [false, false, false],
      [false, true, true],
      [true, true, true],
    ]);
  });
});
