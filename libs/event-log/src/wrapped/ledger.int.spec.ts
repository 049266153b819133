import { Kvm } from '@nats-io/kv';
import { startTestNats } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { SUMMARY_BUCKET } from '../topology/names.ts';
import { SummaryLedger, type SummaryRecord } from './ledger.ts';

const OF = { workspaceId: 'wsp_a', userId: 'usr_a' };
const DATE = '2026-11-29';
const RECORD: SummaryRecord = {
  ...{ digest: 'd', prices: null, sessions: 1, messages: 2, totalTokens: 3, usd: 0, madeAt: 4, revision: 1 },
  deliveries: {},
};

it('replaces the version that was read, also a removed one, and tells a record of another form', async () => {
  await using server = await startTestNats();
  const nc = await connectLog({ servers: server.url, name: 'test' });
  try {
    await reconcileTopology(nc, { replicas: 1 });
    const ledger = new SummaryLedger(nc);
    const bucket = await new Kvm(nc).open(SUMMARY_BUCKET);
    expect(await ledger.of(OF, DATE)).toEqual({ record: undefined, entry: 0, isUnreadable: false });
    const stored = (await ledger.put(OF, DATE, RECORD, 0))!;
    expect(await ledger.of(OF, DATE)).toEqual({ record: RECORD, entry: stored.entry });
    expect(await ledger.put(OF, DATE, RECORD, 0)).toBeUndefined();

    await bucket.delete(`wsp_a.usr_a.${DATE}`);
    const removed = await ledger.of(OF, DATE);
    expect(removed).toMatchObject({ record: undefined, isUnreadable: false });
    expect(await ledger.put(OF, DATE, RECORD, removed.entry)).toMatchObject({ record: RECORD });

    for (const text of ['{"form":2}', 'no JSON']) {
      const entry = await bucket.put(`wsp_a.usr_a.${DATE}`, text);
      expect(await ledger.of(OF, DATE)).toEqual({ record: undefined, entry, isUnreadable: true });
    }
  } finally {
    await nc.close();
  }
});
