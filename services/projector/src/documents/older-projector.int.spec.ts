import { join } from 'node:path';
import { type EVENT_CATALOGUE, isEventType, type Owner } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { openSqliteDocuments, type DocumentStore } from '@opensync/stores';
import { aMessageSynced, anOwner, aSessionDeleted, aSessionSynced, temporaryFolder } from '@opensync/testkit';
import { documentContents } from '../rebuild/contents.ts';
import { stream } from '../testing/deliveries.ts';
import { digestOf } from '../testing/running-projections.ts';
import { DocumentsProjection } from './documents-projection.ts';

const owner = anOwner();
const log = stream([
  aSessionSynced({ title: 'Herons', promptTokens: 70 }),
  aMessageSynced({ textContent: 'before' }),
  aSessionDeleted(),
  aSessionSynced({ title: 'Untitled', promptTokens: 0 }),
  aMessageSynced({ externalId: 'later', textContent: 'after' }),
  aSessionSynced({ externalId: 'another' }),
]);
const knowsNoDeletions: typeof isEventType = (type): type is keyof typeof EVENT_CATALOGUE =>
  isEventType(type) && type !== 'dev.opensync.session.deleted.v1';

describe('a projector of an earlier version beside a gateway of a newer one', () => {
  it('parks events of unknown types; replayed by a newer one, they give the same result as in order', async () => {
    const folder = await temporaryFolder();
    const [documents, expected] = await Promise.all(
      ['documents', 'expected'].map((name) => openSqliteDocuments(join(folder.path, `${name}.db`))),
    );
    const projection = (of: DocumentStore, knows?: typeof isEventType) =>
      new DocumentsProjection({
        ...{ documents: of, publishChanges: async () => undefined },
        ...(knows && { knows }),
        async *history(_owner: Owner, after: number) {
          yield log.filter(({ sequence }) => sequence > after);
        },
      });
    try {
      const older = projection(documents!, knowsNoDeletions);
      const parked: Delivery[] = [];
      for (const delivery of log) {
        const { poison = [] } = await older.apply([delivery]);
        for (const { kind, reason } of poison) {
          expect([kind, reason]).toEqual(['unknown-type', 'unknown event type: dev.opensync.session.deleted.v1']);
          parked.push(delivery);
        }
      }
      expect(parked).toEqual([log[2]]);
      // Later events were not blocked.
      expect((await documents!.stats(owner)).sessions).toBe(2);

      await projection(documents!).apply(parked);
      await projection(expected!).apply(log);
      expect(await digestOf(documentContents(documents!), [owner])).toBe(
        await digestOf(documentContents(expected!), [owner]),
      );
      expect((await documents!.stats(owner)).promptTokens).toBe(0);
    } finally {
      await Promise.all([documents!.close(), expected!.close()]);
      await folder.remove();
    }
  });
});
