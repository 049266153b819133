import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectLog, STREAM } from '@opensync/event-log';
import {
  startFakeOpenAi,
  startTestNatsCluster,
  waitFor,
  type FakeOpenAi,
  type TestNatsCluster,
  type TestNatsNode,
} from '@opensync/testkit';
import { projected } from './harness/settled.ts';
import { startAllInOne, type AllInOne } from './harness/all-in-one.ts';
import { auditDocuments, auditSearch } from './harness/audit.ts';
import { Load } from './harness/load.ts';

const CLIENTS = 12;
/** After this time a process treats a connection to a hanging node as lost; see `pingInterval` of connectLog. */
const NOTICED_AFTER_MS = 3000;
/**
 * Maximum time without acknowledgements beyond the election, or beyond the detection of a lost node. An idle machine
 * needs less than 2 s; here other suites run at the same time. Faults of this kind cost half a minute.
 */
const BEYOND_MS = 20_000;
/** How long a node is away beyond that moment. */
const AWAY_MS = 2000;

/** The longest time without an acknowledgement, from its start until `end`. */
function watchGaps(load: Load): { end(): number } {
  let longest = 0;
  let last = { at: performance.now(), acknowledged: load.acknowledged };
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last.at);
    if (load.acknowledged !== last.acknowledged) last = { at: now, acknowledged: load.acknowledged };
  };
  const timer = setInterval(look, 10);
  return {
    end: () => {
      clearInterval(timer);
      look();
      return longest;
    },
  };
}

describe('a cluster of three nodes, each stream on all of them', () => {
  let cluster: TestNatsCluster;
  let embeddings: FakeOpenAi;
  let product: AllInOne;
  beforeAll(async () => {
    cluster = await startTestNatsCluster(3, { sync: 'always' });
    embeddings = await startFakeOpenAi({ dimensions: 8 });
    // A cluster elects its leaders first; until then it takes no streams.
    product = await startAllInOne({
      NATS_URL: cluster.url,
      OPENSYNC_REPLICAS: '3',
      OPENAI_BASE_URL: embeddings.url,
      OPENSYNC_EMBEDDING_DIMENSIONS: '8',
    });
  }, 120_000);
  afterAll(async () => {
    await product?.stop();
    await embeddings?.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  /** The node that leads the events, as seen by one that is not `lost`; undefined while there is none. */
  async function leader(lost?: TestNatsNode): Promise<TestNatsNode | undefined> {
    const seenBy = cluster.nodes.find((node) => node !== lost)!;
    const nc = await connectLog({ servers: seenBy.url, name: 'test' });
    try {
      const manager = await jetstreamManager(nc, { checkAPI: false, timeout: 1000 });
      const { cluster: group } = await manager.streams.info(STREAM.events);
      return cluster.nodes.find(({ name }) => name === group?.leader && name !== lost?.name);
    } finally {
      await nc.close();
    }
  }

  /** Every node has all that the others have. */
  async function isWhole(): Promise<boolean> {
    const nc = await connectLog({ servers: cluster.url, name: 'test' });
    try {
      const manager = await jetstreamManager(nc, { checkAPI: false, timeout: 2000 });
      const streams = await manager.streams.list().next();
      return streams.every(({ cluster: group }) =>
        group?.replicas?.every(({ current, offline }) => current && !offline),
      );
    } finally {
      await nc.close();
    }
  }

  /** Kills and restarts each node, then pauses each; with the times without acknowledgements. */
  async function loseEachNode(load: Load) {
    await load.progress(200);
    const found: { node: string; how: string; electedMs: number; gapMs: number }[] = [];
    for (const how of ['kill', 'pause'] as const) {
      // The leader first: another one becomes the leader then, and gets its turn, too.
      const first = (await leader())!;
      for (const node of [first, ...cluster.nodes.filter((other) => other !== first)]) {
        const isLeader = (await leader()) === node;
        const gaps = watchGaps(load);
        const at = performance.now();
        if (how === 'kill') await node.kill();
        else node.pause();
        await waitFor(() => leader(node), { timeoutMs: 60_000, intervalMs: 50, what: `a leader without ${node.name}` });
        const electedMs = isLeader ? performance.now() - at : 0;
        // A node that is unavailable for longer than its detection takes.
        await delay(Math.max(0, at + NOTICED_AFTER_MS + AWAY_MS - performance.now()));
        await load.progress(100);
        if (how === 'kill') await node.restart();
        else node.resume();
        await waitFor(isWhole, { timeoutMs: 60_000, intervalMs: 100, what: `the return of ${node.name}` });
        found.push({ node: node.name, how, electedMs, gapMs: gaps.end() });
      }
    }
    return found;
  }

  /** Ends the load whatever happens: its clients would never stop. */
  async function endingWith<T>(load: Load, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      await load.stop();
    }
  }

  it('loses and duplicates nothing while its nodes are killed and paused in turn, and acknowledges again right after an election', async () => {
    const load = new Load(
      await Promise.all(['ada', 'bob'].map((name) => product.api(`${name}@example.com`))),
      CLIENTS,
      { pauseMs: 5, slowMs: 1_000 },
    );
    const found = await endingWith(load, () => loseEachNode(load));
    const late = found.filter(({ electedMs, gapMs }) => gapMs > Math.max(electedMs, NOTICED_AFTER_MS) + BEYOND_MS);
    expect({ found, late }).toEqual({ found, late: [] });
    for (const ledger of load.ledgers) {
      const marker = 'the-last-of-the-load';
      ledger.sessions.add(marker);
      await projected(ledger.api, await ledger.api.syncSession({ externalId: marker }));
      expect({ unexpected: ledger.unexpected, problems: await auditDocuments(ledger) }).toEqual({
        unexpected: [],
        problems: [],
      });
      expect(await auditSearch(ledger)).toEqual([]);
    }
  }, 400_000);
});
