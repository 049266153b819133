import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { memoryLimit } from '@opensync/testkit';
import { ATTACKS, fill, type Attack } from '../fairness/attacks.ts';
import { experience, nothingYet, p99, type Experience } from '../fairness/victim.ts';
import { ms, type Figure } from '../figures.ts';
import { BENCH_KEY } from '../load.ts';
import { startProduct, type Product } from '../processes/product.ts';

const MEMORY = 512 * 1024 * 1024;
/** Without embedding, which takes all cores for a while after each write. */
const SETTINGS = { OPENSYNC_PROJECTOR_ROLES: 'documents,search', LOG_LEVEL: 'error' };
const ALONE_SECONDS = 4;
const ATTACKED_SECONDS = 10;
/** For an attack to take hold. */
const RAMP_MS = 2_000;
/** For the product to finish what an attack has left. */
const REST_MS = 3_000;
const FILL_MESSAGES = 3_000;

/**
 * The p99 of one owner's writes and searches while another key or address misbehaves, against the same owner alone before each attack:
 * the all-in-one with 512 MB. All come from one address, as behind NAT.
 */
export async function fairnessFigures(): Promise<Figure[]> {
  await using limit = await memoryLimit(MEMORY);
  await using product = await startProduct({ limit, settings: SETTINGS });
  const attacker = await product.createKey('attacker@example.org');
  for (const key of [BENCH_KEY, attacker]) await fill(product.url, key, FILL_MESSAGES);
  await delay(REST_MS);
  // The first requests compile the code.
  await experience(product.url, BENCH_KEY, ALONE_SECONDS, nothingYet());
  const alone = nothingYet();
  const attacked = new Map<Attack, Experience>();
  const chosen = ATTACKS.filter(({ name }) => name.includes(process.env.BENCH_ATTACK ?? ''));
  for (const attack of chosen) {
    await experience(product.url, BENCH_KEY, ALONE_SECONDS, alone);
    const found = await underAttack(product, attack, attacker);
    attacked.set(attack, found);
    console.error(`  ${attack.name}: ${shown(found)}; alone ${shown(alone)}`);
    await delay(REST_MS);
  }
  const note = noteOn(limit.enforced, alone.failed);
  return [...attacked].flatMap(([{ name }, found]) =>
    (['writes', 'searches'] as const).map((kind) => ({
      name: `${kind} beside ${name}, p99`,
      value: ms(p99(found[kind])) + (found.failed > 0 ? ` (${found.failed} failed)` : ''),
      ceiling: `${ms(p99(alone[kind]))} alone`,
      ratio: p99(found[kind]) / p99(alone[kind]),
      aim: '≤ 3',
      note,
    })),
  );
}

function shown({ writes, searches, failed }: Experience): string {
  return `writes ${ms(p99(writes))}, searches ${ms(p99(searches))}, ${failed} failed`;
}

async function underAttack({ url }: Product, { name }: Attack, key: string): Promise<Experience> {
  const program = new URL('../processes/attacker.js', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, name, url, key], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    await Promise.race([once(child.stdout, 'data'), ended]);
    await delay(RAMP_MS);
    if (child.exitCode !== null) throw new Error(`the attacker ended with ${child.exitCode}`);
    const found = nothingYet();
    await experience(url, BENCH_KEY, ATTACKED_SECONDS, found);
    return found;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function noteOn(enforced: boolean, failed: number): string {
  const limit = enforced
    ? 'The kernel limits the product to 512 MB.'
    : 'Only its heap is limited: no cgroup could be made.';
  return `${limit} The attacker has the lowest priority. Alone, ${failed} requests failed.`;
}
