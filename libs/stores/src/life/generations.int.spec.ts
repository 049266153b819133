import { jest } from '@jest/globals';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { Logger } from '@opensync/platform';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import {
  BatchConsumer,
  connectLog,
  CONSUMER,
  GENERATION_BUCKET,
  openBucket,
  publishChanges,
  reconcileTopology,
  type LogConnection,
} from '@opensync/event-log';
import { Generations } from './generations.ts';
import { onLiveGenerations } from './live-batches.ts';
import { IndexLife } from './index-life.ts';
import { recordOf } from './records.ts';

let server: TestNats;
let nc: LogConnection;
beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
});
afterEach(async () => {
  await nc.close();
  await server.stop();
});

/** A worker; its lease ends soon after its heartbeats stop. */
const open = () => IndexLife.open(nc, 'search', { leaseMs: 400 });
/** A complete rebuild, without the work. */
async function switchOver({ restart = false } = {}): Promise<void> {
  const life = await open();
  await life.hold(async () => {
    await life.begin({ restart });
    await life.switchOver();
    await life.finish({ isFilled: true });
  });
}

/** The bucket's records change as if this process hung: its requests are held back until it wakes up. */
function pausable(connection: LogConnection) {
  let awake = Promise.resolve();
  let wake = () => undefined as void;
  return {
    connection: new Proxy(connection, {
      get: (target, property) => {
        const member = target[property as keyof LogConnection] as unknown;
        if (typeof member !== 'function') return member;
        if (property !== 'request') return member.bind(target) as unknown;
        return async (...args: Parameters<LogConnection['request']>) => {
          await awake;
          return target.request(...args);
        };
      },
    }),
    pause: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      [awake, wake] = [promise, resolve];
    },
    wake: () => wake(),
  };
}

describe('the life of an index', () => {
  it('has one worker at a time: another one waits, and continues where the first one stopped', async () => {
    // Longer than a busy machine may hang.
    const [first, second] = await Promise.all([1, 2].map(() => IndexLife.open(nc, 'search', { leaseMs: 5000 })));
    const steps: string[] = [];
    const done = Promise.withResolvers<void>();
    const working = first!.hold(async () => {
      expect(await first!.begin({ restart: false })).toEqual({ generation: 2, position: null, resumed: false });
      await first!.saveCheckpoint({ generation: 2, position: 'half' });
      expect(await second!.tryHold(async () => steps.push('never'))).toBeUndefined();
      await done.promise;
      steps.push('first');
      throw new Error('interrupted');
    });
    await waitFor(async () => (await second!.read()).rebuild?.position === 'half');
    const waiting = second!.hold(
      async () => {
        steps.push('second');
        expect(await second!.begin({ restart: false })).toEqual({ generation: 2, position: 'half', resumed: true });
        expect(await second!.switchOver()).toMatchObject({ live: 2, kept: [1] });
        await second!.finish({ isFilled: true });
      },
      {
        onWait: (holder) => {
          expect(holder).toBe(`host ${hostname()}, process ${process.pid}`);
          steps.push('waits');
        },
      },
    );
    // Longer than a lease lasts without a heartbeat.
    const { beat } = (await second!.read()).lease!;
    await waitFor(async () => (await second!.read()).lease!.beat > beat + 4, { timeoutMs: 60_000 });
    expect(steps).toEqual(['waits']);
    done.resolve();
    await expect(working).rejects.toThrow('interrupted');
    await waiting;
    expect(steps).toEqual(['waits', 'first', 'second']);
    expect(await first!.read()).toEqual({ live: 2, kept: [1], given: 2 });
  });

  it('goes to another worker when one hangs, which changes nothing when it wakes up', async () => {
    const paused = pausable(nc);
    const first = await IndexLife.open(paused.connection, 'search', { leaseMs: 400 });
    const second = await open();
    const [asleep, tried] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const late: unknown[] = [];
    const working = first.hold(async () => {
      await first.begin({ restart: false });
      await first.saveCheckpoint({ generation: 2, position: 'half' });
      paused.pause();
      asleep.resolve();
      // All of this is sent when it wakes up.
      for (const change of [
        first.switchOver(),
        first.saveCheckpoint({ generation: 2, position: 'all' }),
        first.begin({ restart: true }),
      ])
        late.push(await change.catch((error: Error) => error.name));
      await first.finish({ isFilled: true });
      tried.resolve();
    });
    const ended = working.then(
      () => undefined,
      (error: Error) => error.name,
    );
    await asleep.promise;
    await second.hold(async () => {
      expect(await second.begin({ restart: false })).toMatchObject({ generation: 2, position: 'half', resumed: true });
      await second.saveCheckpoint({ generation: 2, position: 'more' });
      const { revision, record } = await recorded();
      paused.wake();
      await tried.promise;
      expect([undefined, 'LeaseLostError']).toContain(await ended);
      expect(late).toEqual(['LeaseLostError', 'LeaseLostError', 'LeaseLostError']);
      const { lease, ...now } = (await recorded()).record;
      const { lease: before, ...then } = record;
      expect([now, lease!.worker]).toEqual([then, before!.worker]);
      expect(revision).toBeGreaterThan(0);
      await second.switchOver();
      await second.finish({ isFilled: true });
    });
    expect(await second.read()).toEqual({ live: 2, kept: [1], given: 2 });
  });

  it('ends the work of a worker that has lost its lease, even if the work waits forever', async () => {
    const [first, second] = [await open(), await open()];
    const taken = Promise.withResolvers<void>();
    let isAborted = () => false;
    const working = first.hold((signal) => {
      isAborted = () => signal.aborted;
      taken.resolve();
      return new Promise(() => undefined);
    });
    await taken.promise;
    const bucket = await openBucket(nc, GENERATION_BUCKET);
    // As an earlier version does that does not know leases.
    const { live, kept } = await second.read();
    await bucket.put('live.search', JSON.stringify({ live, kept }));
    expect(isAborted()).toBe(false);
    await expect(working).rejects.toMatchObject({ name: 'LeaseLostError' });
    expect(isAborted()).toBe(true);
    expect(await second.tryHold(async () => 'works')).toBe('works');
  });

  it('is not taken over because of an outage during which no worker could send heartbeats', async () => {
    const bucket = await openBucket(nc, GENERATION_BUCKET);
    const second = await open();
    await bucket.put('live.search', JSON.stringify({ live: 1, kept: [], lease: { worker: 'first', beat: 3 } }));
    const work = async () => 'works';
    expect(await second.tryHold(work)).toBeUndefined();
    await delay(1000);
    expect(await second.tryHold(work)).toBeUndefined();
    await waitFor(async () => (await second.tryHold(work)) === 'works', { timeoutMs: 60_000 });
  });

  it('is not taken over after a single long gap between two checks, however long', async () => {
    const second = await IndexLife.open(nc, 'search', { leaseMs: 60_000 });
    const lease = { worker: 'first', beat: 3 };
    await (await openBucket(nc, GENERATION_BUCKET)).put('live.search', JSON.stringify({ live: 1, kept: [], lease }));
    const clock = jest.spyOn(performance, 'now');
    try {
      for (const [seconds, isTaken] of [
        [0, false],
        [600, false],
        ...Array.from({ length: 10 }, (_, look) => [605 + 5 * look, false] as const),
        [655, true],
      ] as const) {
        clock.mockReturnValue(seconds * 1000);
        expect((await second.tryHold(async () => 'works')) === 'works').toBe(isTaken);
      }
    } finally {
      clock.mockRestore();
    }
  });

  it('gives a restarted rebuild a new number, and records its leftovers for removal', async () => {
    const interrupted = await open();
    await interrupted.hold(() => interrupted.begin({ restart: false }));
    await switchOver({ restart: true });
    expect(await (await open()).read()).toEqual({ live: 3, kept: [2, 1], given: 3 });
    await (await open()).forget([2, 1]);
    const life = await open();
    expect(await life.hold(() => life.begin({ restart: false }))).toMatchObject({ generation: 4, resumed: false });
  });

  it('is not set back by a process that read it before a switch', async () => {
    await switchOver();
    const life = await open();
    const { kept } = await life.read();
    await switchOver();
    await life.forget(kept);
    expect(await life.read()).toEqual({ live: 3, kept: [2], given: 3 });
  });

  it('loses nothing if several processes change it at once', async () => {
    await switchOver();
    await switchOver();
    const life = await open();
    await life.hold(async () => {
      await life.begin({ restart: false });
      const position = async (at: number) => life.saveCheckpoint({ generation: 4, position: at });
      await Promise.all([position(1), (await open()).forget([1]), (await open()).forget([2])]);
      expect(await life.switchOver()).toMatchObject({ live: 4, kept: [3] });
    });
  });

  it('sets an unusable generation aside once, and not while another worker is filling its successor', async () => {
    const prepared: number[] = [];
    const prepare = async (next: number) => void prepared.push(next);
    const [first, second] = [await open(), await open()];
    await first.hold(async () => {
      await first.begin({ restart: false });
      expect(await second.setAside(1, prepare)).toBeUndefined();
    });
    expect(await second.setAside(1, prepare)).toBe(3);
    expect(await first.setAside(1, prepare)).toBeUndefined();
    expect(prepared).toEqual([3]);
    expect(await first.read()).toEqual({ live: 3, kept: [2, 1], given: 3 });
  });
});

async function recorded() {
  const entry = await (await new Kvm(nc).open('generations')).get('live.search');
  return { revision: entry!.revision, record: recordOf(entry)! };
}

describe('a record that the log lost', () => {
  let generations: Generations;
  /** A process that reads and writes the second generation, on a server whose bucket is empty. */
  beforeEach(async () => {
    generations = await Generations.open(nc);
    for (let revision = 0; revision < 4; revision++) {
      const life = await open();
      await life.hold(() => life.begin({ restart: true }));
    }
    await switchOver();
    await waitFor(() => generations.live('search') === 6);
    generations.uses('search', 6);
    await (await jetstreamManager(nc)).streams.delete('KV_generations');
    await reconcileTopology(nc, { replicas: 1 });
  });
  afterEach(() => generations.close());

  it('is written again from the knowledge of running processes before anything else is acknowledged', async () => {
    await expect(generations.confirm({ search: 6 })).rejects.toThrow(
      'lost the record of the live generation of the search store',
    );
    expect(generations.current).toBe(false);
    await waitFor(() => generations.current);
    await generations.confirm({ search: 6 });
    expect(await (await open()).read()).toEqual({ live: 6, kept: [2, 3, 4, 5, 1], given: 6 });
  });

  it('is what the others use for a process that has just started', async () => {
    const starting = await Generations.open(nc);
    expect([starting.live('search'), starting.live('documents')]).toEqual([6, 1]);
    await starting.close();
  });

  it('replaces one that an uninformed process has created', async () => {
    const bucket = await new Kvm(nc).open('generations');
    await bucket.put('live.search', JSON.stringify({ live: 1, kept: [] }));
    const starting = await Generations.open(nc);
    expect(starting.live('search')).toBe(1);
    await expect(generations.confirm({ search: 6 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await waitFor(() => starting.live('search') === 6);
    await starting.close();
  });

  it('does not hide a later switch, although the revisions of the new bucket begin at 1', async () => {
    await switchOver();
    await expect(generations.confirm({ search: 6 })).rejects.toThrow('Another generation of the search store');
    expect(generations.live('search')).toBe(7);
  });

  it('never lets a rebuild use the generation that is in use', async () => {
    const bucket = await new Kvm(nc).open('generations');
    const rebuild = { generation: 6, position: null, run: 'before' };
    await bucket.put('live.search', JSON.stringify({ live: 5, kept: [], rebuild }));
    const life = await open();
    expect(await life.hold(() => life.begin({ restart: false }))).toMatchObject({ generation: 7, resumed: false });
    expect(await life.read()).toMatchObject({ live: 5, kept: [6] });
  });
});

describe('a record that cannot be read', () => {
  const put = async (body: string) => (await openBucket(nc, GENERATION_BUCKET)).put('live.search', body);

  it('fails the start of a process with an error that names it', async () => {
    await put('no JSON');
    await expect(Generations.open(nc)).rejects.toMatchObject({
      ...{ name: 'UnreadableRecordError', retryable: false },
      message: expect.stringContaining('live.search'),
    });
  });

  it('is logged once by a running process, which acknowledges nothing until it is fixed', async () => {
    const logged: string[] = [];
    const error = (_facts: object, text: string) => void logged.push(text);
    const generations = await Generations.open(nc, { error } as unknown as Pick<Logger, 'error'>);
    generations.uses('search', 1);
    await waitFor(() => generations.current);
    await put('{"live":"two"}');
    await waitFor(() => logged.length > 0, { timeoutMs: 60_000 });
    await expect(generations.confirm({ search: 1 })).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect([generations.current, generations.live('search')]).toEqual([false, 1]);
    await put(JSON.stringify({ live: 1, kept: [] }));
    await waitFor(() => generations.current, { timeoutMs: 60_000 });
    await generations.confirm({ search: 1 });
    expect(logged).toEqual([expect.stringContaining('writes to the stores are paused')]);
    await generations.close();
  });
});

describe('a batch', () => {
  it('is acknowledged only if it was handled on the live generations', async () => {
    const generations = await Generations.open(nc);
    // As the stores of this process would; the test decides whether they know about a switch.
    generations.uses('documents', 1);
    generations.uses('search', 1);
    const handledOn: unknown[] = [];
    const consumer = new BatchConsumer(nc, {
      consumer: CONSUMER.search,
      handler: onLiveGenerations(generations, ['documents', 'search'], async () => {
        handledOn.push(generations.used(['search']));
        if (handledOn.length === 1) await switchOver();
        return {};
      }),
    });
    await publishChanges(nc, { workspaceId: 'wsp_a', userId: 'usr_a' }, { sessions: ['ses_a'], messages: [] });
    await waitFor(() => consumer.health().blocked !== undefined);
    expect(consumer.health()).toMatchObject({ pending: 1, blocked: expect.stringContaining('search store is live') });
    generations.uses('search', 2);
    await waitFor(() => consumer.health().pending === 0);
    expect([handledOn[0], handledOn.at(-1)]).toEqual([{ search: 1 }, { search: 2 }]);
    await consumer.stop();
    await generations.close();
  });

  it('is not acknowledged while the log cannot name the live generations', async () => {
    const generations = await Generations.open(nc);
    generations.uses('documents', 1);
    const handler = onLiveGenerations(generations, ['documents'], async () => {
      await server.stop();
      return {};
    });
    await expect(
      handler([], { onProgress: () => undefined, signal: new AbortController().signal }),
    ).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
    await generations.close();
  });
});
