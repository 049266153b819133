import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { eventSubject, ownerSubjects, type Owner, type Principal } from '@opensync/contracts';
import { aMessageSynced, aSessionSynced, startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { addMemberWithoutKeys, KeyDirectory } from '../keys/index.ts';
import { LoginDirectory } from '../logins/index.ts';
import { EventPublisher } from '../publish/event-publisher.ts';
import { readLostEvents } from '../read/lost-events.ts';
import { ERASURE_BUCKET, STREAM } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { SummaryLedger } from '../wrapped/ledger.ts';
import { StoredPictures } from '../wrapped/stored-pictures.ts';
import { PreferenceBook } from '../wrapped/preferences.ts';
import { continueErasure, eraseMe, findErasures, hasOpenErasures } from './erase-person.ts';
import type { Erasure } from './records.ts';

const HOUR = 60 * 60_000;
const FOUND = { sessions: 1, messages: 2, payloads: 0 };
const AT_ONCE = { graceMs: -60_000 };

describe('the erasure of a person', () => {
  let server: TestNats;
  let nc: LogConnection;
  let keys: KeyDirectory;
  let logins: LoginDirectory;
  let publisher: EventPublisher;
  /** The owner of the workspace, and a member who leaves. */
  let ada: Principal;
  let eve: Principal;
  let eveKey: string;
  beforeEach(async () => {
    server = await startTestNats();
    nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    keys = await KeyDirectory.open(nc);
    logins = await LoginDirectory.open(nc, keys, { limits: { idleMs: HOUR, lifetimeMs: HOUR } });
    await Promise.all([keys.ready(), logins.ready()]);
    publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
    ada = (await keys.authenticate((await keyOf('ada@example.com')).key))!;
    eveKey = (await keyOf('eve@example.com')).key;
    eve = (await keys.authenticate(eveKey))!;
    await publisher.publish([aSessionSynced({ externalId: 'kept' }, { owner: of(ada) })]);
    await write('secret');
  });
  afterEach(async () => {
    await publisher.close();
    await logins.close();
    await keys.close();
    await nc.close();
    await server.stop();
  });

  const of = ({ workspaceId, userId }: Owner): Owner => ({ workspaceId, userId });
  const keyOf = (email: string) => keys.create({ email, name: `key of ${email}`, scopes: ['admin'] });
  const write = (words: string) =>
    publisher.publish([
      aSessionSynced({ externalId: words, title: words }, { owner: of(eve) }),
      aMessageSynced({ sessionExternalId: words, externalId: 'm', textContent: words }, { owner: of(eve) }),
    ]);
  const resources = () => ({ nc, keys, logins });
  const begin = () => eraseMe(resources(), eve, FOUND);
  /** As the query service, which finds nothing in any store. */
  const step = (erasure: Erasure, options: Parameters<typeof continueErasure>[3] = AT_ONCE) => {
    const sequence = erasure.hidden?.sequence ?? 0;
    return continueErasure(resources(), erasure, { stores: { sequence, sessions: 1 }, payloads: true }, options);
  };
  const stored = async () => {
    const { streams } = await jetstreamManager(nc);
    const texts: string[] = [];
    const { first_seq: first, last_seq: last } = (await streams.info(STREAM.events)).state;
    for (let seq = first; seq <= last; seq++)
      texts.push((await streams.getMessage(STREAM.events, { seq }))?.string() ?? '');
    return texts.join('\n');
  };
  const eventsOf = async (subject: string) => {
    const { streams } = await jetstreamManager(nc);
    return (await streams.info(STREAM.events, { subjects_filter: subject })).state.subjects ?? {};
  };

  it('ends all access and names nobody any more, and removes the events when all that was made from them is gone', async () => {
    const login = await logins.create({ owner: of(eve), means: 'link' });
    const link = await logins.createLink(of(eve));
    const invitation = { id: 'inv_1', workspaceId: eve.workspaceId, role: 'viewer', createdAt: 0 } as const;
    const expiresAt = Date.now() + HOUR;
    await logins.invitations.create({ ...invitation, invitedBy: eve.userId, expiresAt });
    await logins.invitations.create({ ...invitation, invitedBy: ada.userId, email: 'EVE@example.com', expiresAt });
    await logins.invitations.create({ ...invitation, invitedBy: ada.userId, expiresAt });
    await new PreferenceBook(nc).change(eve, () => ({ mail: 'eve@example.com' }));
    const summary = {
      digest: 'd',
      prices: null,
      sessions: 1,
      messages: 2,
      totalTokens: 3,
      usd: 0,
      madeAt: 4,
      revision: 1,
    };
    await new SummaryLedger(nc).put(eve, '2026-11-29', { ...summary, deliveries: {} }, 0);
    const pictures = new StoredPictures(nc);
    for (const owner of [ada, eve]) await pictures.put(owner, 'aa', Buffer.from('png'));

    const erasure = await begin();
    expect(erasure).toMatchObject({ userId: eve.userId, found: FOUND, hidden: { keys: 1, invitations: 2 } });
    expect(await keys.authenticate(eveKey)).toBeUndefined();
    expect(logins.authenticate(login.token)).toBeUndefined();
    expect(await logins.useLink(link.token)).toBeUndefined();
    expect(logins.invitations.list()).toHaveLength(1);
    expect(keys.people.current().user(eve.userId)).toBeUndefined();
    expect(keys.listOf(of(eve))).toEqual([]);
    expect(await new PreferenceBook(nc).change(eve, (before) => before)).toEqual({});
    expect((await new SummaryLedger(nc).of(eve, '2026-11-29')).record).toBeUndefined();
    expect(await pictures.get(eve, 'aa')).toBeUndefined();
    expect(await pictures.get(ada, 'aa')).toBeDefined();

    // Too early, and not everything is verified.
    expect(await step(erasure, {})).not.toHaveProperty('events');
    const unverified = await continueErasure(resources(), erasure, { payloads: true }, AT_ONCE);
    expect(unverified.stores ?? unverified.events).toBeUndefined();
    expect(await stored()).toContain('secret');

    expect(await step(erasure)).toMatchObject({ stores: { sessions: 1 }, events: { at: expect.any(Number) } });
    const left = await stored();
    expect(left).toContain('kept');
    for (const text of ['secret', 'eve@example.com', 'key of eve']) expect(left).not.toContain(text);
    expect(Object.keys(await eventsOf(ownerSubjects(eve))).sort()).toEqual(
      [eventSubject(eve, 'erasure'), eventSubject(eve, 'user')].sort(),
    );
    expect(await readLostEvents(nc)).toBe(0);
    expect(await hasOpenErasures(nc)).toBe(false);
    // Members that remain are as they were, also for a process that reads all of it again.
    await using again = await reopened();
    expect(again.keys.people.current().membersOf(ada.workspaceId)).toEqual([{ ...of(ada), role: 'owner' }]);
    expect(again.keys.people.current().users()).toHaveLength(1);
  });

  it('removes events in portions, which a process that ends leaves to the next one, and none of them counts as lost', async () => {
    for (let n = 0; n < 20; n++) await write(`secret ${n}`);
    const erasure = await begin();
    const started = await step(erasure, { ...AT_ONCE, stepMs: -1 });
    expect(started.events).toBeUndefined();
    expect(await step(erasure)).toMatchObject({ events: { removed: 46, at: expect.any(Number) } });
    expect(await readLostEvents(nc)).toBe(0);
    const { streams } = await jetstreamManager(nc);
    await streams.deleteMessage(STREAM.events, (await streams.info(STREAM.events)).state.last_seq - 1);
    expect(await readLostEvents(nc)).toBe(1);
  });

  it('is the same when it is asked for again, and goes on wherever a process has ended', async () => {
    const book = keys.erasures;
    await begin();
    const [erasure] = await book.list(of(eve));
    // The record alone, as if the process had ended right after it.
    await book.change(erasure!, ({ hidden: _, ...rest }) => rest);
    expect(await begin()).toMatchObject({ id: erasure!.id });
    expect(await book.list(of(eve))).toHaveLength(1);
    expect(await eventsOf(eventSubject(eve, 'erasure'))).toEqual({ [eventSubject(eve, 'erasure')]: 1 });
    await book.change(erasure!, ({ hidden: _, ...rest }) => rest);
    const continued = await continueErasure(resources(), (await book.of(erasure!.id))!, {});
    expect(continued.hidden).toEqual(erasure!.hidden && { ...erasure!.hidden, keys: 0 });
  });

  it('catches what a request adds that had begun before, and lets nobody in until it is complete', async () => {
    const erasure = await begin();
    await write('late secret');
    const again = await step(erasure);
    expect(again.events).toBeUndefined();
    expect(again.hidden!.sequence).toBeGreaterThan(erasure.hidden!.sequence);
    const back = () => addMemberWithoutKeys(keys, eve.workspaceId, eve.userId, 'member', logins);
    await expect(back()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await step(again)).toHaveProperty('events.at');
    expect(await stored()).not.toContain('secret');
  });

  it('keeps what a member of several workspaces has in the others, and refuses them here meanwhile', async () => {
    const elsewhere = await keys.create({
      email: 'eve@example.com',
      name: 'k',
      scopes: ['admin'],
      workspace: 'elsewhere',
    });
    const erasure = await begin();
    expect(await keys.authenticate(elsewhere.key)).toMatchObject({ userId: eve.userId });
    const back = () => addMemberWithoutKeys(keys, eve.workspaceId, eve.userId, 'member', logins);
    await expect(back()).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('being erased') });
    expect(await step(erasure)).toHaveProperty('events.at');
    expect(await stored()).toContain('eve@example.com');
    await back();
    expect(keys.people.roleFor(of(eve))).toBe('member');
  });

  it('is refused for the last owner of a workspace, and with a login that is not recent', async () => {
    const asOwner = eraseMe(resources(), ada, FOUND);
    await expect(asOwner).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('last owner') });
    expect(await keys.erasures.list()).toEqual([]);
    const { record } = await logins.create({ owner: of(eve), means: 'link' });
    const login: Principal = { ...eve, keyId: record.id, loginId: record.id };
    const now = Date.now;
    try {
      Date.now = () => now() + 16 * 60_000;
      await expect(eraseMe(resources(), login, FOUND)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    } finally {
      Date.now = now;
    }
    expect(await eraseMe(resources(), login, FOUND)).toHaveProperty('hidden');
  });

  it('begins again in a log that was restored, and leaves what somebody has written who came back since', async () => {
    const { id } = await begin();
    const bucket = await new Kvm(nc).open(ERASURE_BUCKET);
    const lose = () => bucket.purge(`${eve.workspaceId}.${eve.userId}.${id}`);
    await lose();
    expect(await hasOpenErasures(nc)).toBe(true);
    await findErasures(resources());
    const found = (await keys.erasures.of(id))!;
    expect(found).not.toHaveProperty('found');
    const hidden = await continueErasure(resources(), found, {});
    expect(await step(hidden)).toHaveProperty('events.at');
    expect(await stored()).not.toContain('secret');

    await keys.people.provide('eve@example.org');
    const user = keys.people.current().findUser('eve@example.org')!;
    eve = { ...eve, userId: user.userId };
    await write('first');
    const second = await begin();
    await step(second);
    // Somebody with the same id is a member again.
    await keys.people.change(() => [
      {
        type: 'dev.opensync.membership.put.v1',
        owner: of(eve),
        data: { ...of(eve), role: 'member' },
      },
    ]);
    await write('later');
    await bucket.purge(`${eve.workspaceId}.${eve.userId}.${second.id}`);
    await findErasures(resources());
    expect(await step((await keys.erasures.of(second.id))!)).toHaveProperty('events.at');
    expect(keys.people.roleFor(of(eve))).toBe('member');
    expect(await stored()).toContain('later');
  });

  async function reopened() {
    const other = await KeyDirectory.open(nc);
    await other.ready();
    await waitFor(() => other.isCurrent);
    return { keys: other, [Symbol.asyncDispose]: () => other.close() };
  }
});
