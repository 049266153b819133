import {
  CONSUMER,
  connectLog,
  EventPublisher,
  reconcileTopology,
  streamEnds,
  type LogConnection,
} from '@opensync/event-log';
import type { DocumentStore } from '@opensync/stores';
import { anOwner, startTestNats, type TestNats } from '@opensync/testkit';
import { aHistory } from '../testing/replica.ts';
import { announcements } from './missed-changes.ts';

const PAGE = 1000;
const { stream } = CONSUMER.search;

let server: TestNats;
let nc: LogConnection;
beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  const publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
  await publisher.publish([...aHistory([anOwner('ada@example.com')], 3)]);
  await publisher.close();
});
afterEach(async () => {
  await nc.close();
  await server.stop();
});

/** Documents with only two pages of deleted sessions left. */
function documents(onPage: (page: number) => void): DocumentStore {
  let pages = 0;
  const goneSessions = async () => {
    pages++;
    onPage(pages);
    return Array.from({ length: pages === 1 ? PAGE : 1 }, (_, at) => `ses_${pages}_${at}`);
  };
  return { sessions: async () => [], goneSessions } as unknown as DocumentStore;
}

describe('an announcement of all documents', () => {
  const signal = () => new AbortController();

  it('ends between two pages if the lease was lost, without announcing the rest', async () => {
    const lease = signal();
    const pages: number[] = [];
    const announceAll = announcements({
      nc,
      documents: documents((page) => {
        pages.push(page);
        lease.abort(new Error('the lease was lost'));
      }),
    });
    await expect(announceAll(lease.signal)).rejects.toThrow('the lease was lost');
    expect(pages).toEqual([1]);
  });

  it('continues for one index if another one that shares it has lost its lease', async () => {
    const [lost, held] = [signal(), signal()];
    const pages: number[] = [];
    const announceAll = announcements({
      nc,
      documents: documents((page) => {
        pages.push(page);
        lost.abort(new Error('the lease was lost'));
      }),
    });
    const before = (await streamEnds(nc, stream)).last;
    expect(await Promise.all([announceAll(lost.signal), announceAll(held.signal)])).toEqual([0, 0]);
    expect(pages).toEqual([1, 2]);
    expect((await streamEnds(nc, stream)).last).toBeGreaterThan(before + 1);
  });
});
