import { startTestNats } from '@opensync/testkit';
import { connectLog, reconcileTopology, type LogConnection } from '@opensync/event-log';
import { KeyDirectory } from '@opensync/event-log/keys';
import { confirmedPosition } from './confirmed.ts';
import { Generations } from './generations.ts';
import { IndexLife } from './index-life.ts';

/** The connection, and the subjects of the requests that are made on it. */
function observed(nc: LogConnection): { connection: LogConnection; subjects: string[] } {
  const subjects: string[] = [];
  const connection = new Proxy(nc, {
    get: (target, property) => {
      const member = target[property as keyof LogConnection] as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (property === 'request' || property === 'publish') subjects.push(String(args[0]));
        return member.apply(target, args) as unknown;
      };
    },
  });
  return { connection, subjects };
}

it('reads decisions from the leader, never through a direct get from a replica', async () => {
  await using server = await startTestNats();
  const nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  const { connection, subjects } = observed(nc);
  const keys = await KeyDirectory.open(connection);
  await keys.ready();
  const { record } = await keys.create({ email: 'ada@example.com', name: 'laptop' });
  await keys.revoke(record.id);
  await keys.close();
  const generations = await Generations.open(connection);
  await generations.confirm(generations.used(['documents']));
  await generations.close();
  await (await IndexLife.open(connection, 'search')).read();
  await confirmedPosition(connection, 'search', 1);
  expect(subjects.filter((subject) => subject.startsWith('$JS.API.STREAM.MSG.GET.')).length).toBeGreaterThan(3);
  expect(subjects.filter((subject) => subject.startsWith('$JS.API.DIRECT.'))).toEqual([]);
  await nc.close();
});
