import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder, waitFor } from '@opensync/testkit';
import { KEY } from '../testing/client.ts';
import { Product } from '../testing/product.ts';
import { sessionsOf, sync, syncSome } from '../testing/some-sessions.ts';

const METRICS = /^opensync_(backup\w+) (\d+(?:\.\d+)?(?:e\+\d+)?)$/gm;

async function backupMetrics(url: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Object.fromEntries([...text.matchAll(METRICS)].map(([, name, value]) => [name, Number(value)]));
}

it('a backup proves itself, restores everything after a loss, and is no longer believed once it is damaged', async () => {
  await using temporary = await temporaryFolder();
  const backups = join(temporary.path, 'backups');
  const product = new Product(join(temporary.path, 'data'), { OPENSYNC_BOOTSTRAP_KEY: KEY });
  try {
    const started = await product.start();
    await syncSome(started.url);
    const before = await sessionsOf(started.url, 4);
    // Random, so that it works after the loss only because the backup has it.
    const created = await product.run(['keys', 'create', '--user', 'ada@example.com', '--name', 'laptop']);
    const plugin = created.stdout.split('\n')[0]!;
    const write = async (url: string, externalId: string) => {
      const headers = { authorization: `Bearer ${plugin}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ externalId, title: externalId });
      return (await fetch(`${url}/sync/session`, { method: 'POST', headers, body })).status;
    };
    expect(await write(started.url, 'of ada')).toBe(200);
    expect(await backupMetrics(started.url)).toEqual({
      backup_last_success_timestamp_seconds: 0,
      backup_last_proof_timestamp_seconds: 0,
      backup_proof_failed: 0,
    });

    const made = await product.run(['backup', backups]);
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect(made.stdout).toMatch(/^\d{8}T\d{6}Z-000001\.jsonl\.gz: \d+ events, .* API keys?, .*, up to sequence \d+\n$/);
    await sync(started.url, 'message', {
      sessionExternalId: 'two',
      externalId: 'm2',
      role: 'user',
      textContent: 'later',
    });
    const proved = await product.run(['rehearse', '--scratch', temporary.path, backups]);
    expect([proved.code, proved.stderr]).toEqual([0, expect.any(String)]);
    const [, restored, live] = /^Restored {2}(\w{64})\nLive {6}(\w{64})\nProved {4}/.exec(proved.stdout)!;
    expect(restored).toBe(live);
    // Nothing of it stays.
    expect(await readdir(temporary.path)).toEqual(['backups', 'data']);
    const shown = await waitFor(async () => {
      const metrics = await backupMetrics(started.url);
      return (metrics.backup_last_proof_timestamp_seconds ?? 0) > 0 && metrics;
    });
    expect(Date.now() / 1000 - shown.backup_last_proof_timestamp_seconds!).toBeLessThan(120);
    expect(Date.now() / 1000 - shown.backup_last_success_timestamp_seconds!).toBeLessThan(120);
    expect((await product.run(['status'])).stdout).toMatch(/^Backup +.* up to sequence \d+, proved /m);
    expect((await product.run(['doctor'])).stdout).toMatch(/^✓ backup +/m);

    // The next one holds the rest. Then everything is lost.
    expect((await product.run(['backup', backups])).stdout).toContain('-000002.jsonl.gz: 1 event,');
    const all = await sessionsOf(started.url, 5);
    expect(all).not.toEqual(before);
    started.child.kill('SIGTERM');
    await started.finished;
    await rm(product.dataDir, { recursive: true });
    const brought = await product.run(['restore', backups]);
    expect(brought).toMatchObject({ code: 0, stdout: expect.stringMatching(/, restored\n$/) });
    const again = await product.start();
    expect(await sessionsOf(again.url, 5)).toEqual(all);
    // A plugin goes on with the key that it has.
    expect(await write(again.url, 'of ada, after the restore')).toBe(200);
    const same = await product.run(['rehearse', '--scratch', temporary.path, '--json', backups]);
    const { digests, different } = JSON.parse(same.stdout) as { digests: Record<string, string>; different: unknown[] };
    expect([different, digests.restored]).toEqual([[], digests.live]);

    const file = join(
      backups,
      (await readdir(backups)).find((name) => name.endsWith('1.jsonl.gz'))!,
    );
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    const damaged = await product.run(['rehearse', '--scratch', temporary.path, backups]);
    expect([damaged.code, damaged.stderr]).toEqual([1, expect.stringMatching(/1\.jsonl\.gz is (damaged|not)/)]);
    await waitFor(async () => (await backupMetrics(again.url)).backup_proof_failed === 1);
    expect((await product.run(['doctor'])).stdout).toMatch(/^✗ backup +.*1\.jsonl\.gz is (damaged|not)/m);
  } finally {
    await product.dispose();
  }
}, 300_000);
