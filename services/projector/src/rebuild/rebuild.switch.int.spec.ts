import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { CONSUMER, GENERATION_BUCKET, openBucket, reconcileTopology } from '@opensync/event-log';
import type { GenerationRecord } from '@opensync/stores';
import { LIMIT_MS, startProjections, type RunningProjections } from '../testing/running-projections.ts';
import { dropKept, rebuild, type RebuildResources } from './rebuild.ts';

let running: RunningProjections;
beforeEach(async () => {
  running = await startProjections();
});
afterEach(() => running.close());

/** Resources that first do something when the next documents are counted, which is right before the switch. */
function rightBeforeTheSwitch(work: () => Promise<void>): RebuildResources {
  const { resources } = running;
  let done: Promise<void> | undefined;
  return {
    ...resources,
    open: async (name, generation) => {
      const store = await resources.open(name, generation);
      if (generation === 1) return store;
      return new Proxy(store, {
        get: (target, property) => {
          const member = target[property as keyof typeof target] as unknown;
          if (property !== 'describe') return member;
          return async () => {
            await (done ??= work());
            return store.describe();
          };
        },
      });
    },
  };
}

/** A process that answers but does not switch to the new generation. */
function aLaggard(): () => void {
  const subscription = running.nc.subscribe('osk.generations', {
    callback: (_, request) => void request.respond(JSON.stringify({ documents: 1 })),
  });
  return () => subscription.unsubscribe();
}

it(
  'has events that were acknowledged because the pause had ended before the switch',
  async () => {
    await running.publish(0, 50);
    await running.atRest();
    const resources = rightBeforeTheSwitch(async () => {
      const { stream, durable } = CONSUMER.documents;
      await (await jetstreamManager(running.nc)).consumers.resume(stream, durable);
      await running.publish(50, 50);
      await running.atRest();
    });
    expect(await rebuild('documents', resources)).toMatchObject({ generation: 2, switchedEverywhere: true });
    await running.atRest();
    expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
  },
  LIMIT_MS,
);

it(
  'does not switch if another rebuild has taken over, next to an earlier version without leases',
  async () => {
    await running.publish(0, 50);
    await running.atRest();
    let second: Promise<unknown> | undefined;
    const resources = rightBeforeTheSwitch(async () => {
      const bucket = await openBucket(running.nc, GENERATION_BUCKET);
      const { live, kept, rebuild: next } = (await bucket.get('live.documents'))!.json<GenerationRecord>();
      await bucket.put('live.documents', JSON.stringify({ live, kept, rebuild: next }));
      second = rebuild('documents', running.resources, { restart: true });
      await second;
    });
    await expect(rebuild('documents', resources)).rejects.toMatchObject({ name: 'LeaseLostError' });
    expect(await second).toMatchObject({ generation: 3, different: [], kept: [2, 1] });
    await running.publish(50, 50);
    await running.atRest();
    expect((await running.stores.documents.describe()).location).toMatch(/documents-3\.db$/);
    expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
  },
  LIMIT_MS,
);

it(
  'removes nothing that a process still uses, even on request',
  async () => {
    await running.publish(0, 20);
    await running.atRest();
    const leave = aLaggard();
    const before = join(running.folder, 'documents.db');
    const report = await rebuild('documents', running.resources, { dropOld: true, switchMs: 1_000 });
    expect(report).toMatchObject({ generation: 2, switchedEverywhere: false, kept: [1] });
    await expect(dropKept('documents', running.resources)).rejects.toMatchObject({ name: 'RebuildRefusedError' });
    expect(existsSync(before)).toBe(true);
    leave();
    expect(await dropKept('documents', running.resources)).toEqual([1]);
    expect(existsSync(before)).toBe(false);
  },
  LIMIT_MS,
);

it(
  'leaves the generation in use alone, although the log lost its record',
  async () => {
    await running.publish(0, 50);
    await running.atRest();
    await rebuild('documents', running.resources);
    await (await jetstreamManager(running.nc)).streams.delete('KV_generations');
    await reconcileTopology(running.nc, { replicas: 1 });

    expect(await rebuild('documents', running.resources)).toMatchObject({
      generation: 3,
      before: 2,
      different: [],
      switchedEverywhere: true,
    });
    await running.publish(50, 50);
    await running.atRest();
    expect((await running.stores.documents.describe()).location).toMatch(/documents-3\.db$/);
    expect(existsSync(join(running.folder, 'documents-2.db'))).toBe(true);
    expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
  },
  LIMIT_MS,
);
