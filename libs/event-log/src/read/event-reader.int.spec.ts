import { jetstream } from '@nats-io/jetstream';
import { startTestNats, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { EventReader } from './event-reader.ts';

describe('EventReader', () => {
  let server: TestNats;
  let nc: LogConnection;
  beforeEach(async () => {
    server = await startTestNats();
    nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    await jetstream(nc).publish('osk.events.w.u.session', 'stored');
  });
  afterEach(async () => {
    await nc.close();
    await server.stop();
  });

  /** A replica's answer to a direct get that has nothing yet. */
  function behindALaggingReplica(): LogConnection {
    const nothing = JSON.stringify({ seq: 1_000_000 });
    return new Proxy(nc, {
      get: (target, property) => {
        const member = target[property as keyof LogConnection] as unknown;
        if (property !== 'request') return typeof member === 'function' ? member.bind(target) : member;
        return (...[subject, body, options]: Parameters<LogConnection['request']>) =>
          target.request(subject, subject.includes('.DIRECT.GET.') ? nothing : body, options);
      },
    });
  }

  it('finds acknowledged events, even if a lagging replica answers', async () => {
    for (const connection of [nc, behindALaggingReplica()]) {
      const event = await new EventReader(connection).get(1);
      expect([event?.subject, event?.sequence, event?.body()]).toEqual(['osk.events.w.u.session', 1, 'stored']);
      expect(event?.header('ce-id')).toBeUndefined();
    }
  });

  it('finds nothing if nothing exists', async () => {
    expect(await new EventReader(nc).get(2)).toBeUndefined();
  });

  it('reports a log that does not answer', async () => {
    await server.stop();
    await expect(new EventReader(nc).get(1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
