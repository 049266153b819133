import { connectLog, type LogConnection } from '@opensync/event-log';
import { DeadLetters } from '@opensync/event-log/dead-letters';
import { jetstream } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { eventSubject, HEADER, userIdOf, workspaceIdOf, type EventType } from '@opensync/contracts';
import { waitFor } from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { searchable } from './harness/settled.ts';
import { startTarget, type Target } from './harness/target.ts';

const workspaceId = workspaceIdOf('default');
const owner = { workspaceId, userId: userIdOf(workspaceId, 'ada@example.com') };
const SESSION: EventType = 'dev.opensync.session.synced.v1';

describe('an event that cannot be read', () => {
  let target: Target;
  let api: Api;
  let log: LogConnection;

  beforeAll(async () => {
    target = await startTarget();
    api = await target.api('ada@example.com');
    log = await connectLog({ ...(await target.log()), name: 'e2e' });
  });
  afterAll(async () => {
    await log?.close();
    await target?.stop();
  });

  it.each<[string, string, Record<string, string>, RegExp]>([
    ['is not JSON', '{"sessionId":', { [HEADER.type]: SESSION }, /JSON/],
    ['has other data than its type says', '{"sessionId":7}', { [HEADER.type]: SESSION }, /sessionId/],
    ['has a type that nobody knows', '{}', { [HEADER.type]: 'dev.opensync.session.exploded.v9' }, /exploded/],
    ['has none of the headers of an event', '{}', {}, /type/],
  ])('which %s goes whole to the dead letters, and what follows is projected', async (name, body, given, reason) => {
    const before = await api.syncSession({ externalId: `before ${name}` });
    const attributes = headers();
    attributes.set(HEADER.time, new Date().toISOString());
    for (const [key, value] of Object.entries(given)) attributes.set(key, value);
    const subject = eventSubject(owner, 'session');
    const { seq } = await jetstream(log).publish(subject, body, { headers: attributes });
    const after = await api.syncSession({ externalId: `after ${name}`, title: 'What follows' });

    await searchable(api, before);
    await searchable(api, after);
    expect(await api.session(`after ${name}`)).toMatchObject({ title: 'What follows' });

    const letters = new DeadLetters(log);
    const letter = await waitFor(async () =>
      (await letters.list()).find(({ originalSequence }) => originalSequence === seq),
    );
    expect(letter).toMatchObject({
      consumer: 'documents',
      originalSubject: subject,
      reason: expect.stringMatching(reason),
      headers: given,
    });
    expect(Buffer.from((await letters.get(letter.sequence))!.body).toString()).toBe(body);
    expect(letter.attempts).toBeGreaterThanOrEqual(1);
  });
});
