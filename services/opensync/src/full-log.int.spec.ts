import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { itWithDisk, smallDisk, temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { authorization, KEY } from './testing/client.ts';
import { Product } from './testing/product.ts';

let temporary: TemporaryFolder;
let product: Product;
beforeEach(async () => {
  temporary = await temporaryFolder();
  product = productIn(join(temporary.path, 'data'));
});
afterEach(async () => {
  await product.dispose();
  await temporary.remove();
});

const productIn = (folder: string) => new Product(folder, { OPENSYNC_BOOTSTRAP_KEY: KEY });

interface Written {
  readonly status: number;
  readonly body: { readonly error?: { readonly message: string } };
  readonly retryAfter: string | null;
  readonly tookMs: number;
}

async function write(url: string, externalId: string, characters: number): Promise<Written> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/sync/message`, {
    method: 'POST',
    headers: { ...authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ sessionExternalId: 's', externalId, role: 'user', textContent: 'x'.repeat(characters) }),
  });
  const body = (await response.json()) as Written['body'];
  const { status, headers } = response;
  return { status, body, retryAfter: headers.get('retry-after'), tookMs: performance.now() - startedAt };
}

/** Writes until the log rejects writes, and resolves with its answer. */
async function untilRefused(url: string, characters: number): Promise<Written> {
  for (let n = 0; n < 1000; n++) {
    const written = await write(url, `m${n}`, characters);
    if (written.status !== 200) return written;
  }
  throw new Error('the log took everything');
}

async function readiness(url: string) {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, body: (await response.json()) as { details?: { log?: string } } };
}

const LIMIT = 600_000;

describe('OPENSYNC_EVENTS_MAX_BYTES', () => {
  it('is named by the answer, /readyz, status and doctor when it is reached, and can be raised', async () => {
    const limited = { OPENSYNC_EVENTS_MAX_BYTES: String(LIMIT) };
    const { url, child, finished } = await product.start(limited);
    const { status, body, retryAfter, tookMs } = await untilRefused(url, 50_000);
    expect([status, retryAfter]).toEqual([503, '30']);
    expect(body.error!.message).toBe(
      'The event log has reached its limit (OPENSYNC_EVENTS_MAX_BYTES); none or only some of this was stored.',
    );
    expect(tookMs).toBeLessThan(1000);
    const ready = await readiness(url);
    expect([ready.status, ready.body.details!.log]).toEqual([503, body.error!.message]);

    const shown = await product.run(['status']);
    expect(shown.stdout).toMatch(/^Events +\d+ \(5\d\d\.\d KiB of at most 585\.9 KiB\), last sequence \d+$/m);
    expect(shown.stdout).toMatch(
      /^Writes +! answer 503: The event log has reached its limit \(OPENSYNC_EVENTS_MAX_BYTES\)/m,
    );
    const doctor = await product.run(['doctor']);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(
      /^✗ writes +answer 503: The event log has reached its limit .*\n +→ raise or remove OPENSYNC_EVENTS_MAX_BYTES, and restart$/m,
    );
    expect(shown.stdout + doctor.stdout).not.toMatch(/room|disk/);

    child.kill('SIGTERM');
    await finished;
    const raised = await product.start({ OPENSYNC_EVENTS_MAX_BYTES: String(10 * LIMIT) });
    expect((await write(raised.url, 'after', 50_000)).status).toBe(200);
    expect((await readiness(raised.url)).status).toBe(200);
  });

  it('is rejected at the start if the log is larger, and nothing is lost', async () => {
    const first = await product.start();
    for (const id of ['a', 'b', 'c']) expect((await write(first.url, id, 200_000)).status).toBe(200);
    first.child.kill('SIGTERM');
    await first.finished;
    const refused = await product.run(['start'], { OPENSYNC_EVENTS_MAX_BYTES: '524288' });
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^opensync: OPENSYNC_EVENTS_MAX_BYTES: 524288 is less than the 60\d{4} bytes that the event log already holds; raise or remove the limit\n$/,
      ),
    });
    const { log } = JSON.parse((await product.run(['status', '--json'])).stdout) as { log: { events: number } };
    expect(log.events).toBe(3);
  });

  it.each(['0', '1000', '524287', '1e6', '-1', '10MB', '10_000_000'])(
    'is rejected at the start as %s',
    async (value) => {
      expect(await product.run(['start'], { OPENSYNC_EVENTS_MAX_BYTES: value })).toEqual({
        code: 1,
        stdout: '',
        stderr: `opensync: OPENSYNC_EVENTS_MAX_BYTES: "${value}" is not a whole number of bytes, 524288 or more\n`,
      });
    },
  );

  it('is rejected at the start if the disk has no space for it', async () => {
    const first = await product.start();
    first.child.kill('SIGTERM');
    await first.finished;
    const { code, stderr } = await product.run(['start'], { OPENSYNC_EVENTS_MAX_BYTES: String(2 ** 52) });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^opensync: OPENSYNC_DATA_DIR: [^\n]+ MiB free; [^\n]+OPENSYNC_EVENTS_MAX_BYTES\n$/);
  });
});

describe('a full disk', () => {
  itWithDisk()(
    'is named at once by the answer, /readyz, status and doctor; writes resume automatically when it has space',
    async () => {
      await using disk = await smallDisk(60);
      const full = productIn(join(disk.path, 'data'));
      try {
        const { url } = await full.start();
        expect((await write(url, 'before', 1000)).status).toBe(200);
        const { bavail, bsize } = await statfs(disk.path);
        const ballast = join(disk.path, 'ballast');
        await writeFile(ballast, Buffer.alloc(2 * bavail * bsize)).catch(() => undefined);
        const { status, body, retryAfter, tookMs } = await untilRefused(url, 1000);
        expect([status, retryAfter]).toEqual([503, '30']);
        const message = 'The disk of the event log is full; writes are rejected until there is free space.';
        expect(body.error!.message).toBe(message);
        expect(tookMs).toBeLessThan(1500);
        expect(await readiness(url)).toMatchObject({ status: 503, body: { details: { log: message } } });

        const { stdout } = await full.run(['status']);
        expect(stdout).toMatch(/^Data +\S+ \(0 B free\)$/m);
        expect(stdout).toMatch(/^Writes +! answer 503: The disk of the event log is full/m);
        const doctor = await full.run(['doctor']);
        expect(doctor.code).toBe(1);
        expect(doctor.stdout).toMatch(/^✗ data folder +\S+, 0 B free\n +→ free some space/m);
        expect(doctor.stdout).toMatch(/^✗ writes +answer 503: The disk of the event log is full/m);

        await rm(ballast);
        await waitFor(async () => (await write(url, 'after', 1000)).status === 200);
        await waitFor(async () => (await readiness(url)).status === 200);
        await waitFor(
          async () => {
            const response = await fetch(`${url}/api/sessions/s`, { headers: authorization });
            const { messages = [] } = (await response.json()) as { messages?: { externalId: string }[] };
            return messages.some(({ externalId }) => externalId === 'after');
          },
          { timeoutMs: 30_000 },
        );
      } finally {
        await full.dispose();
      }
    },
    120_000,
  );
});
