import { jetstreamManager } from '@nats-io/jetstream';
import { startTestNats } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { STREAM } from '../topology/names.ts';
import { LONGEST_PICTURE } from '../topology/specifications.ts';
import { StoredPictures } from './stored-pictures.ts';

const ada = { workspaceId: 'wsp_a', userId: 'usr_ada' };
const bob = { workspaceId: 'wsp_a', userId: 'usr_bob' };

it('keeps pictures by owner, once each, within limits of number, size and age', async () => {
  await using server = await startTestNats();
  const nc = await connectLog({ servers: server.url, name: 'test' });
  try {
    await reconcileTopology(nc, { replicas: 1 });
    const pictures = new StoredPictures(nc);
    await pictures.put(ada, 'aa', Buffer.from('first'));
    await pictures.put(ada, 'aa', Buffer.from('again'));
    await pictures.put(bob, 'bb', Buffer.from('other'));
    await pictures.put(bob, 'cc', Buffer.alloc(LONGEST_PICTURE));
    const found = [await pictures.get(ada, 'aa'), await pictures.get(bob, 'bb')];
    expect(found.map(String)).toEqual(['again', 'other']);
    expect([await pictures.get(bob, 'aa'), await pictures.get(bob, 'cc')]).toEqual([undefined, undefined]);
    const { config, state } = await (await jetstreamManager(nc)).streams.info(STREAM.pictures);
    expect(state.messages).toBe(2);
    expect(config).toMatchObject({ discard: 'old', max_msgs: 500, max_age: 7 * 86_400e9 });
  } finally {
    await nc.close();
  }
});
