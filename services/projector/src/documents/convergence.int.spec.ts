import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { sessionIdOf } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { loadSettings, type Settings } from '@opensync/platform';
import { dropGeneration } from '@opensync/stores';
import {
  anOwner,
  describeWith,
  removeIndexesAndCollections,
  temporaryFolder,
  type TemporaryFolder,
} from '@opensync/testkit';
import fc from 'fast-check';
import { stream } from '../testing/deliveries.ts';
import { aHistory, openReplica, type Replica } from '../testing/replica.ts';

/** As many as an indexer accepts. */
const CHANGES_PER_BATCH = 16;
const WORDS = ['draft', 'final', 'herons', 'bitterns'];
const owners = ['ada', 'bob', 'cyn'].map((name) => anOwner(`${name}@example.com`));

interface Race {
  readonly replicas: number;
  /** Whether sessions are deleted meanwhile. */
  readonly deletions: boolean;
  readonly runs: number;
}
const SEVERAL: Race = { replicas: 3, deletions: true, runs: 3 };
const ALONE: Race = { replicas: 1, deletions: true, runs: 3 };

type Random = (below: number) => number;

/** Pseudo-random numbers, the same for the same seed (a linear congruential generator, by its upper bits). */
function numbersOf(seed: number): Random {
  let state = BigInt(seed);
  return (below) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(below));
  };
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const places = items.map((item) => ({ item, place: random(2 ** 31) }));
  return places.sort((a, b) => a.place - b.place).map(({ item }) => item);
}

/** What each replica receives: everything reaches one of them or several, in any order, some of it repeatedly. */
function delivered<Item>(items: readonly Item[], replicas: number, random: Random): Item[][] {
  const takers = items.map(() => 1 + random(2 ** replicas - 1));
  return Array.from({ length: replicas }, (_, replica) => {
    const taken = items.filter((_, at) => takers[at]! & (1 << replica));
    const again = taken.filter(() => random(4) === 0);
    return shuffled([...taken, ...again], random);
  });
}

function batches<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}

/**
 * Indexes some of the announced changes, the last one first and all of them twice, while others still project; they
 * are not announced again. The rest is left for later.
 */
async function indexSome(replica: Replica, told: Delivery[]): Promise<void> {
  const taken = told.splice(Math.floor(told.length / 2)).reverse();
  for (const batch of batches([...taken, ...taken], CHANGES_PER_BATCH)) await replica.index(batch);
}

/** @param settingsOf those of separate stores for each name */
function convergence(settingsOf: (name: string) => Settings, { replicas: count, deletions, runs }: Race): void {
  const events = stream(aHistory(owners, 3, { deletions }));

  it(`ends with the documents and indexes of one replica in order for ${count} with shuffled, repeated batches${deletions ? ' and deletions' : ''}`, async () => {
    const told: Delivery[] = [];
    const alone = await openReplica(settingsOf('alone'), told, events);
    await alone.project(events);
    await alone.index(told);
    const expected = await alone.contents(owners, WORDS);
    await alone.close();
    expect(expected.found.flat(2)).not.toEqual([]);
    expect(expected.found.flat(2).join().includes(sessionIdOf(owners[0]!, 'session-2'))).toBe(!deletions);

    let run = 0;
    const race = async (seed: number) => {
      const random = numbersOf(seed);
      const settings = settingsOf(`race-${++run}`);
      const changes: Delivery[] = [];
      const replicas = await Promise.all(Array.from({ length: count }, () => openReplica(settings, changes, events)));
      try {
        const size = 12 + random(50);
        const toProject = delivered(events, count, random);
        await Promise.all(
          replicas.map(async (replica, at) => {
            for (const batch of batches(toProject[at]!, size)) {
              await replica.project(batch);
              await indexSome(replica, changes);
            }
          }),
        );
        const toIndex = delivered(changes, count, random);
        await Promise.all(
          replicas.map(async (replica, at) => {
            for (const batch of batches(toIndex[at]!, CHANGES_PER_BATCH)) await replica.index(batch);
          }),
        );
        expect(await replicas[0]!.contents(owners, WORDS)).toEqual(expected);
      } finally {
        await Promise.all(replicas.map((replica) => replica.close()));
      }
    };
    // Races are not reproducible: there is nothing to shrink.
    await fc.assert(fc.asyncProperty(fc.nat(), race), { numRuns: runs, endOnFailure: true });
  }, 240_000);
}

describe('projecting on SQLite', () => {
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder.remove());
  const settingsOf = (name: string) => loadSettings({ OPENSYNC_DATA_DIR: join(folder.path, name) });
  convergence(settingsOf, SEVERAL);
  convergence((name) => settingsOf(`single-${name}`), ALONE);
});

await describeWith(
  ['mongodb', 'elasticsearch', 'qdrant'],
  'projecting on MongoDB, Elasticsearch and Qdrant',
  (urls) => {
    const prefix = `opensync-test-${randomUUID()}`;
    const used: Settings[] = [];
    afterAll(async () => {
      for (const settings of used) await dropGeneration(settings, 'documents', 1);
      await removeIndexesAndCollections(urls, prefix);
    });
    convergence(
      (name) => {
        const mongodb = new URL(urls.mongodb);
        mongodb.pathname = `/${prefix}-${name}`;
        const settings = loadSettings({
          MONGODB_URL: mongodb.href,
          ELASTICSEARCH_URL: urls.elasticsearch,
          QDRANT_URL: urls.qdrant,
          OPENSYNC_STORE_PREFIX: `${prefix}-${name}`,
        });
        used.push(settings);
        return settings;
      },
      { ...SEVERAL, runs: 2 },
    );
  },
);
