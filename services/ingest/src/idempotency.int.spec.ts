import { gzipSync } from 'node:zlib';
import { jetstreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { waitFor } from '@opensync/testkit';
import { ADA, BOBS_KEY, sequenceOf, startGateway, type Gateway } from './testing/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

let used = 0;
const newKey = () => ({ 'idempotency-key': `key-${used++}` });
const CONFLICT = { status: 409, code: 'CONFLICT', path: 'Idempotency-Key' };

const part = (content: string) => ({ type: 'text', content });
const message = (externalId: string, ...contents: string[]) => ({
  sessionExternalId: 's',
  externalId,
  textContent: 'hi',
  parts: contents.map(part),
});
const items = (count: number) => Array.from({ length: count }, (_, n) => ({ externalId: `item-${n}` }));

/** An answer as a client sees it, and how many events the log has gained meanwhile. */
async function outcomeOf(send: () => Promise<Response>) {
  const before = await lastSequence();
  const response = await send();
  const body = (await response.json()) as { error?: { code: string; details?: { path: string }[] } };
  const stored = (await lastSequence()) - before;
  const { error } = body;
  if (error) return { status: response.status, code: error.code, path: error.details?.[0]?.path, stored };
  return { status: response.status, body, sequence: sequenceOf(response), stored };
}

/** As a client: a request that is rejected temporarily is sent again. */
async function untilTaken(send: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await send();
    if (response.status !== 503) return response;
  }
}

async function lastSequence(): Promise<number> {
  const { streams } = await jetstreamManager(gateway.nc);
  return (await streams.info('EVENTS')).state.last_seq;
}

/** Requests of each kind, their number of events, and similar other requests. */
const REQUESTS: readonly [name: string, path: string, body: object, events: number, others: readonly object[]][] = [
  [
    'a session',
    '/sync/session',
    { externalId: 's1', title: 'a' },
    1,
    [{ externalId: 's1', title: 'b' }, { externalId: 's2' }],
  ],
  [
    'a message with parts',
    '/sync/message',
    message('m1', 'one', 'two'),
    3,
    [
      message('m1', 'one', 'changed'),
      message('m1', 'one', 'two', 'three'),
      message('m1', 'one'),
      message('m2', 'one', 'two'),
      { ...message('m1', 'one', 'two'), role: 'user' },
    ],
  ],
  [
    'a message with large content',
    '/sync/message',
    message('m3', 'x'.repeat(300_000)),
    2,
    [message('m3', 'y'.repeat(300_000)), message('m3', 'x'.repeat(300_001))],
  ],
  [
    'a batch',
    '/sync/batch',
    { sessions: items(3), messages: [message('m4', 'one')] },
    5,
    [
      { sessions: items(4), messages: [message('m4', 'one')] },
      { sessions: items(3), messages: [message('m4', 'one'), message('m5', 'one')] },
      { sessions: items(3).toReversed(), messages: [message('m4', 'one')] },
      { sessions: items(1) },
    ],
  ],
  ['a batch of many', '/sync/batch', { sessions: items(1_200) }, 1_200, [{ sessions: items(1_201) }]],
];

describe.each(REQUESTS)('%s under an Idempotency-Key', (_name, path, body, events, others) => {
  it('is stored once and answered the same, however often it is sent', async () => {
    const key = newKey();
    const first = await outcomeOf(() => gateway.post(path, body, key));
    expect(first).toMatchObject({ status: 200, stored: events });
    for (let repetition = 0; repetition < 2; repetition++) {
      expect(await outcomeOf(() => gateway.post(path, body, key))).toEqual({ ...first, stored: 0 });
    }
  });

  it('makes any other request under the key a conflict, of which nothing is stored', async () => {
    const key = newKey();
    const first = await outcomeOf(() => gateway.post(path, body, key));
    for (const other of others) {
      expect(await outcomeOf(() => gateway.post(path, other, key))).toEqual({ ...CONFLICT, stored: 0 });
    }
    expect(await outcomeOf(() => gateway.post(path, body, key))).toEqual({ ...first, stored: 0 });
  });

  it('is stored once even if it is sent several times at once', async () => {
    const key = newKey();
    const before = await lastSequence();
    const times = events > 1_000 ? 2 : 8;
    const send = () => untilTaken(() => gateway.post(path, body, key));
    const answers = await Promise.all(Array.from({ length: times }, send));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(sequenceOf)).size).toBe(1);
    expect((await lastSequence()) - before).toBe(events);
  });

  it('wins or loses completely against another one at the same moment', async () => {
    const key = newKey();
    const before = await lastSequence();
    const bodies = [body, ...others, body, ...others];
    const answers = await Promise.all(bodies.map((sent) => untilTaken(() => gateway.post(path, sent, key))));
    const winner = bodies[answers.findIndex(({ status }) => status === 200)]!;
    expect(answers.map(({ status }) => status)).toEqual(bodies.map((sent) => (sent === winner ? 200 : 409)));
    // Only the winner's events are new.
    expect((await lastSequence()) - before).toBe(eventsOf(winner));
  });
});

/** How many events a request of this file becomes. */
function eventsOf(body: { sessions?: unknown[]; messages?: { parts: unknown[] }[]; parts?: unknown[] }): number {
  const { sessions, messages, parts = [] } = body;
  if (!sessions && !messages) return 1 + parts.length;
  return (sessions?.length ?? 0) + (messages ?? []).reduce((sum, one) => sum + 1 + one.parts.length, 0);
}

describe('an Idempotency-Key', () => {
  it('belongs to one route', async () => {
    const key = newKey();
    expect((await gateway.post('/sync/session', { externalId: 'r' }, key)).status).toBe(200);
    const batch = { sessions: [{ externalId: 'r' }] };
    expect(await outcomeOf(() => gateway.post('/sync/batch', batch, key))).toEqual({ ...CONFLICT, stored: 0 });
  });

  it('belongs to one owner', async () => {
    const key = newKey();
    expect((await gateway.post('/sync/session', { externalId: 'o' }, key)).status).toBe(200);
    const bobs = { ...key, authorization: `Bearer ${BOBS_KEY}` };
    expect(await outcomeOf(() => gateway.post('/sync/session', { externalId: 'another' }, bobs))).toMatchObject({
      status: 200,
      stored: 1,
    });
  });

  it('recognises the same JSON in any notation and compression', async () => {
    const key = newKey();
    const first = await outcomeOf(() => gateway.post('/sync/session', '{"externalId":"j","title":"é"}', key));
    const again = gzipSync('{ "externalId": "j",\n "title": "\\u00e9" }');
    expect(await outcomeOf(() => gateway.post('/sync/session', again, { ...key, 'content-encoding': 'gzip' }))).toEqual(
      {
        ...first,
        stored: 0,
      },
    );
  });

  it('is free again after a request that stored nothing', async () => {
    const key = newKey();
    expect((await gateway.post('/sync/session', { title: 'no id' }, key)).status).toBe(400);
    expect((await gateway.post('/sync/session', { externalId: 'with id' }, key)).status).toBe(200);
  });

  it('holds over a crash of the log', async () => {
    const key = newKey();
    const body = message('crash', 'one');
    const first = await outcomeOf(() => gateway.post('/sync/message', body, key));
    await gateway.nats.kill();
    await gateway.nats.restart();
    await waitFor(async () => (await lastSequence()) > 0);
    const send = (sent: object) => untilTaken(() => gateway.post('/sync/message', sent, key));
    expect(await outcomeOf(() => send(body))).toEqual({ ...first, stored: 0 });
    expect(await outcomeOf(() => send(message('crash', 'two')))).toEqual({ ...CONFLICT, stored: 0 });
  });

  it('lets a partly stored request be completed, but not by another one', async () => {
    const key = newKey();
    const { streams } = await jetstreamManager(gateway.nc);
    const { config, state } = await streams.info('EVENTS');
    const batch = { sessions: items(20).map((item) => ({ ...item, title: 'x'.repeat(4_000) })) };
    // Room for the first items alone, as after a crash in between.
    await streams.update('EVENTS', { max_bytes: state.bytes + 30_000 });
    expect((await gateway.post('/sync/batch', batch, key)).status).toBe(503);
    await streams.update('EVENTS', { max_bytes: config.max_bytes });
    const inPart = (await lastSequence()) - state.last_seq;
    expect(inPart).toBeGreaterThan(0);
    expect(inPart).toBeLessThan(20);
    const other = { sessions: [{ externalId: 'item-0' }] };
    expect(await outcomeOf(() => gateway.post('/sync/batch', other, key))).toEqual({ ...CONFLICT, stored: 0 });
    expect(await outcomeOf(() => gateway.post('/sync/batch', batch, key))).toMatchObject({
      status: 200,
      stored: 20 - inPart,
    });
  });

  it('is decided by the log, so that it is the same for several replicas', async () => {
    const key = newKey();
    const replica = await startGateway(gateway);
    const first = await outcomeOf(() => gateway.post('/sync/message', message('rep', 'one'), key));
    const again = () => replica.post('/sync/message', message('rep', 'one'), key);
    expect(await outcomeOf(again)).toEqual({ ...first, stored: 0 });
    const other = () => replica.post('/sync/message', message('rep', 'two'), key);
    expect(await outcomeOf(other)).toEqual({ ...CONFLICT, stored: 0 });
    await replica.stop();
  });

  it('is free again when the log has forgotten it', async () => {
    const key = newKey();
    const { streams } = await jetstreamManager(gateway.nc);
    const { config } = await streams.info('EVENTS');
    expect((await gateway.post('/sync/session', { externalId: 'w', title: 'one' }, key)).status).toBe(200);
    const other = { externalId: 'w', title: 'two' };
    await waitFor(async () => {
      // Each time: the gateway restores the setting when it next compares its streams.
      await streams.update('EVENTS', { duplicate_window: nanos(100) });
      return (await gateway.post('/sync/session', other, key)).status === 200;
    });
    await streams.update('EVENTS', { duplicate_window: config.duplicate_window });
  });

  it('never comes back as the id of an event', async () => {
    const key = newKey();
    const sequence = sequenceOf(await gateway.post('/sync/session', { externalId: 'e', title: 'one' }, key));
    const { streams } = await jetstreamManager(gateway.nc);
    const { header } = (await streams.getMessage('EVENTS', { seq: sequence }))!;
    expect(header.get('ce-id')).not.toBe(header.get('Nats-Msg-Id'));
    expect(header.get('Osk-Request')).toMatch(/^[\w-]{43}$/);
    expect(await gateway.eventsAfter(sequence - 1)).toMatchObject([{ owner: ADA, data: { title: 'one' } }]);
  });

  it.each([
    ['an empty one', ''],
    ['one of 256 characters', 'x'.repeat(256)],
    ['one with a blank', 'a b'],
    ['two', 'a, b'],
  ])('is rejected if it is %s', async (_name, value) => {
    const outcome = await outcomeOf(() =>
      gateway.post('/sync/session', { externalId: 's' }, { 'idempotency-key': value }),
    );
    expect(outcome).toEqual({ status: 400, code: 'INVALID_REQUEST', path: 'Idempotency-Key', stored: 0 });
  });
});
