import { messageIdOf, ownerKey, sessionIdOf, type AppliedChange, type NewEvent } from '@opensync/contracts';
import { jetstream } from '@nats-io/jetstream';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionCurated,
  aSessionSynced,
  startTestNats,
  waitFor,
  type TestNats,
} from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { EventPublisher } from '../publish/event-publisher.ts';
import { streamEnds } from '../read/replay.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { announceApplied } from './announce-applied.ts';
import { changesAfter } from './changes-after.ts';
import { hearApplied } from './hear-applied.ts';

const ada = anOwner('ada@example.com');
const bob = anOwner('bob@example.com');
const cid = anOwner('cid@example.com', 'another');
let nats: TestNats;
let nc: LogConnection;
let publisher: EventPublisher;

beforeAll(async () => {
  nats = await startTestNats();
  nc = await connectLog({ servers: nats.url, name: 'live' });
  await reconcileTopology(nc, { replicas: 1 });
  publisher = new EventPublisher(nc, { source: 'test', mode: 'plain' });
});
afterAll(async () => {
  await publisher.close();
  await nc.drain();
  await nats.stop();
});

async function write(...events: NewEvent[]): Promise<number[]> {
  return [...(await publisher.publish(events))].map(Number);
}

it('reaches those who want the workspace', async () => {
  const heard: [string, readonly AppliedChange[]][] = [];
  const stop = hearApplied(nc, {
    wants: (workspaceId) => workspaceId === ada.workspaceId,
    onApplied: (owner, changes) => heard.push([owner.userId, changes]),
    onGap: () => undefined,
  });
  await nc.flush();
  const changes = [{ session: 'ses_1', message: 'msg_1', sequences: [4, 5] }];
  announceApplied(nc, cid, changes);
  nc.publish(`osk.applied.${ownerKey(ada)}`, 'no JSON');
  announceApplied(nc, ada, changes);
  await waitFor(() => heard.length === 2);
  expect(heard).toEqual([
    [ada.userId, []],
    [ada.userId, changes],
  ]);
  stop();
  announceApplied(nc, ada, changes);
  await nc.flush();
  expect(heard).toHaveLength(2);
});

it('says when the connection is back', async () => {
  const own = await connectLog({ servers: nats.url, name: 'broken' });
  const gap = Promise.withResolvers<void>();
  hearApplied(own, { wants: () => true, onApplied: () => undefined, onGap: gap.resolve });
  await own.reconnect();
  await gap.promise;
  await own.close();
});

describe('what the log says of the time since', () => {
  let after: number;
  beforeEach(async () => void (after = (await streamEnds(nc)).last));
  const missed = (most = 100, since = after) => changesAfter(nc, ada.workspaceId, { after: since, most });

  it('is the documents of all members that later events touch', async () => {
    const session = sessionIdOf(ada, 'session-1');
    const message = messageIdOf(session, 'message-1');
    const [first] = await write(aSessionSynced({}, { owner: ada }));
    const [second, part] = await write(aMessageSynced({}, { owner: ada }), aPartSynced({}, { owner: ada }));
    await write(aSessionSynced({}, { owner: cid }));
    const [ofBob] = await write(aSessionCurated({ title: 'Better' }, { owner: bob }));
    const [third] = await write(aSessionSynced({ title: 'One' }, { owner: ada }));
    await jetstream(nc).publish(`osk.events.${ownerKey(ada)}.session`, 'no event');
    expect(part).toBe(second! + 1);
    expect(await missed()).toEqual([
      {
        owner: ada,
        changes: [
          { session, message: undefined, sequences: [first, third] },
          { session, message, sequences: [second] },
        ],
      },
      { owner: bob, changes: [{ session: sessionIdOf(bob, 'session-1'), message: undefined, sequences: [ofBob] }] },
    ]);
    expect(await missed(100, third! + 1)).toEqual([]);
  });

  it('is unknown if there is too much, or the log does not have the place', async () => {
    const events = Array.from({ length: 11 }, (_, at) => aSessionSynced({ externalId: `s${at}` }, { owner: ada }));
    for (const event of events) await write(event);
    expect(await missed(10)).toBeUndefined();
    expect((await missed(11))![0]!.changes).toHaveLength(11);
    expect(await missed(10, after + 1_000)).toBeUndefined();
  });

  it('is read in pieces', async () => {
    const events = Array.from({ length: 300 }, (_, at) => aSessionSynced({ externalId: `s${at}` }, { owner: ada }));
    await Promise.all(events.map((event) => write(event)));
    expect((await missed(300))![0]!.changes).toHaveLength(300);
  });
});
