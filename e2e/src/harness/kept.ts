import { auditDocuments, auditSearch } from './audit.ts';
import type { Load } from './load.ts';
import { projected } from './settled.ts';

/** Expects every acknowledged message of a load that has stopped once, as it was sent, and found by its word. */
export async function keptBy(load: Load): Promise<void> {
  for (const ledger of load.ledgers) {
    ledger.sessions.add('the-last');
    await projected(ledger.api, await ledger.api.syncSession({ externalId: 'the-last' }));
    expect(ledger.unexpected).toEqual([]);
    expect(await auditDocuments(ledger)).toEqual([]);
    expect(await auditSearch(ledger)).toEqual([]);
  }
}
