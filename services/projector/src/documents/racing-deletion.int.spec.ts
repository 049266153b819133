import { join } from 'node:path';
import { messageIdOf, sessionIdOf } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { openSqliteDocuments, type DocumentStore } from '@opensync/stores';
import { aMessageSynced, anOwner, aSessionDeleted, temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { stream } from '../testing/deliveries.ts';
import { DocumentsProjection } from './documents-projection.ts';

const owner = anOwner('ada@example.com');
const sessionId = sessionIdOf(owner, 's');
const messageId = messageIdOf(sessionId, 'm');
const message = (data: object) =>
  aMessageSynced({ sessionExternalId: 's', externalId: 'm', role: 'user', ...data }, { owner });
/** The session is deleted between two versions of its message. */
const [before, deletion, after, later, counted] = stream([
  message({ textContent: 'before' }),
  aSessionDeleted('s', { owner }),
  message({ textContent: 'after' }),
  message({ textContent: 'later' }),
  message({ promptTokens: 7 }),
]) as [Delivery, Delivery, Delivery, Delivery, Delivery];

let log: Delivery[];
let folder: TemporaryFolder;
let documents: DocumentStore;
beforeEach(async () => {
  log = [before, deletion, after, later, counted];
  folder = await temporaryFolder();
  documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
});
afterEach(async () => {
  await documents.close();
  await folder.remove();
});

/**
 * A projector on the stores that all of these share. It reads the log up to its end at the beginning.
 * @param whileReading runs when it reads the log for a refold
 */
function projector(store = documents, whileReading: () => Promise<void> = async () => undefined): DocumentsProjection {
  return new DocumentsProjection({
    documents: store,
    publishChanges: async () => undefined,
    async *history(_owner, sequence) {
      const stored = [...log];
      await whileReading();
      yield stored.filter((delivery) => delivery.sequence > sequence);
    },
  });
}

/** The store, which waits in the first call of one kind. */
function pausing(operation: 'load' | 'save', isMeant: (args: readonly unknown[]) => boolean) {
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let isFirst = true;
  const store = new Proxy(documents, {
    get(target, property: keyof DocumentStore) {
      if (property !== operation) return target[property];
      return async (...args: unknown[]) => {
        if (isFirst && isMeant(args)) {
          isFirst = false;
          reached.resolve();
          await goOn.promise;
        }
        return (target[property] as (...of: unknown[]) => unknown)(...args);
      };
    },
  });
  return { store, reached: reached.promise, goOn: goOn.resolve };
}

async function expectLaterAlone(): Promise<void> {
  const { messages } = await documents.load(owner, { messages: [messageId] });
  expect(messages.get(messageId)).toMatchObject({
    fields: { text: 'later', promptTokens: 7 },
    span: { firstSequence: 3 },
  });
  const { sessions } = await documents.load(owner, { sessions: [sessionId] });
  expect(sessions.get(sessionId)).toMatchObject({ deletion: { sequence: 2 }, rollup: { messageCount: 1 } });
  expect(sessions.get(sessionId)!.deletion).toEqual({ sequence: 2 });
}

describe('a deletion that is folded after later events', () => {
  it('keeps their data, even if another projector stores an earlier one again during the refold, and reads the session afterwards', async () => {
    await projector().apply([before, after, later, counted]);
    const loadsSession = ([, ids]: readonly unknown[]) => 'sessions' in (ids as object);
    const slow = pausing('load', loadsSession);
    let slowly: Promise<unknown> | undefined;
    await projector(documents, async () => {
      slowly ??= projector(slow.store).apply([before]);
      await slow.reached;
    }).apply([deletion]);
    slow.goOn();
    await slowly;
    await expectLaterAlone();
  });

  it('keeps their data, even if another projector had read the message before it was mixed, and stores it after the refold', async () => {
    await projector().apply([after]);
    const savesMessage = ([saved]: readonly unknown[]) => (saved as { messages: unknown[] }).messages.length > 0;
    const slow = pausing('save', savesMessage);
    const slowly = projector(slow.store).apply([later]);
    await slow.reached;
    await projector().apply([before, counted]);
    await projector().apply([deletion]);
    slow.goOn();
    await slowly;
    await expectLaterAlone();
  });

  it('is finished by the next projector if the current one dies', async () => {
    await projector().apply([before, after, later, counted]);
    const ending = projector(documents, () => Promise.reject(new Error('ended')));
    await expect(ending.apply([deletion])).rejects.toThrow('ended');
    await projector().apply([deletion]);
    await expectLaterAlone();
  });

  it('keeps an event that another projector stores on a mixed message, and that the refold has not read', async () => {
    log = [before, deletion, after];
    await projector().apply([before, after]);
    const { store, reached, goOn } = pausing('load', ([, ids]) => 'sessions' in (ids as object));
    let slow: Promise<unknown> | undefined;
    await projector(documents, async () => {
      if (slow) return;
      log.push(later, counted);
      slow = projector(store).apply([later, counted]);
      await reached;
    }).apply([deletion]);
    goOn();
    await slow;
    await expectLaterAlone();
  });
});
