// How evenly keys spread the log over partitions: 10,000 workspaces, some of them hot, each with users who write unequally. Prints the
// table of docs/adr/0069-the-log-is-split-by-owner.md: node scripts/partition-simulation.mjs. The same numbers each time.
import { fileURLToPath } from 'node:url';

const WORKSPACES = 10_000;
const PARTITIONS = [4, 8, 16, 32];
const SEEDS = 8;
/** Largest number of users of a workspace; a workspace has as many as its share of the load lets expect. */
const MOST_USERS = 5000;

/** The hash of `{{partition(n,…)}}` in nats-server: FNV-1a, 32 bits. */
export function partitionOf(key, partitions) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) >>> 0;
  return hash % partitions;
}

/** mulberry32 */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const idOf = (prefix, random) => prefix + Array.from({ length: 26 }, () => LETTERS[Math.floor(random() * 32)]).join('');

/** Shares of `count` things by Zipf's law; they add up to 1. */
function zipf(count, exponent) {
  const weights = Array.from({ length: count }, (_, rank) => 1 / (rank + 1) ** exponent);
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Who writes how much: shares of all events, by workspace and user. */
function world({ exponent, hottest }, random) {
  const shares = zipf(WORKSPACES, exponent);
  // The hottest has a given share; the others keep their proportions.
  const rest = 1 - shares[0];
  const scaled =
    hottest === undefined
      ? shares
      : shares.map((share, rank) => (rank === 0 ? hottest : (share / rest) * (1 - hottest)));
  return scaled.map((share) => {
    const users = Math.min(MOST_USERS, Math.max(3, Math.round(share * 50_000)));
    return {
      id: idOf('wsp_', random),
      share,
      users: zipf(users, 0.8).map((part) => ({ id: idOf('usr_', random), share: share * part })),
    };
  });
}

const KEYS = {
  workspace: (workspaces, add) => workspaces.forEach(({ id, share }) => add(id, share)),
  owner: (workspaces, add) =>
    workspaces.forEach((workspace) => workspace.users.forEach(({ id, share }) => add(workspace.id + id, share))),
};

/** The load of the busiest partition, as a multiple of the mean. */
function busiest(workspaces, key, partitions) {
  const load = new Float64Array(partitions);
  KEYS[key](workspaces, (id, share) => (load[partitionOf(id, partitions)] += share));
  return Math.max(...load) * partitions;
}

const WORLDS = [
  ['workspaces of similar size (Zipf 0.6)', { exponent: 0.6 }],
  ['as companies differ (Zipf 1.0)', { exponent: 1 }],
  ['one workspace writes 20 %', { exponent: 1, hottest: 0.2 }],
  ['one workspace writes 50 %', { exponent: 1, hottest: 0.5 }],
];

/** Rows of the table: median and worst of `SEEDS` worlds. */
export function simulate() {
  return WORLDS.flatMap(([name, shape]) => {
    const worlds = Array.from({ length: SEEDS }, (_, seed) => world(shape, randomOf(seed + 1)));
    return Object.keys(KEYS).map((key) => {
      const cells = PARTITIONS.map((partitions) => {
        const values = worlds.map((one) => busiest(one, key, partitions)).sort((a, b) => a - b);
        return `${values[SEEDS / 2].toFixed(2)} (${values.at(-1).toFixed(2)})`;
      });
      return [name, key, ...cells];
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(`| Load | Key | ${PARTITIONS.map((count) => `${count} partitions`).join(' | ')} |`);
  console.log(`|---|---|${PARTITIONS.map(() => '---').join('|')}|`);
  for (const row of simulate()) console.log(`| ${row.join(' | ')} |`);
}
