import { readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ALERTS, type Alert } from '@opensync/platform/monitoring';
import {
  itWithDisk,
  smallDisk,
  startFakeOpenAi,
  temporaryFolder,
  waitFor,
  type FakeOpenAi,
  type TemporaryFolder,
} from '@opensync/testkit';
import { expectToFireAndEnd, scrape, TEST_PROMTOOL, type Scrape } from './testing/alert-drill.ts';
import { KEY, metric, post } from './testing/client.ts';
import { Product } from './testing/product.ts';
import { sync } from './testing/some-sessions.ts';

const DAY_MINUTES = 24 * 60;
const MEBIBYTE = 1024 * 1024;
const withPromtool = TEST_PROMTOOL ? describe : describe.skip;

function alertOf(name: string, severity: Alert['severity']): Alert {
  return ALERTS.find((alert) => alert.name === `OpenSync${name}` && alert.severity === severity)!;
}

/** Why an alert has no drill here; promtool's unit tests show its rule. */
const WITHOUT_DRILL: Readonly<Record<string, string>> = {
  'IngestErrorBudget warning': 'its windows are days; the series are those of the critical one',
  'FreshnessErrorBudget critical': 'projections would have to lag for a long time',
  'FreshnessErrorBudget warning': 'its windows are days',
  'VersionsDiffer warning': 'needs two versions',
  'EventsUnprojected critical': 'needs five minutes of lag',
  'IndexBehind warning': 'needs a quarter of an hour of lag',
  'ConsumerBlocked warning': 'needs a server that goes away; embedded stores do not',
  'ConsumerStopped critical': 'needs a bug that fails on every message',
  'StoreIncomplete warning': 'a store of another log is repaired at once',
  'ContentUnreadable warning': 'needs a damaged log',
  'AccessLogDropping warning': 'needs a log that hangs for minutes',
  'RequestsShed warning': 'needs an overload of ten minutes',
  'JobsLate warning': 'needs a job that is a quarter of an hour late',
  'VolumeFull warning': "the series are the kubelet's",
  'StreamConsumers warning': 'needs 800 consumers',
  'CertificateExpiring warning': 'needs a server with TLS, on which the spec of that metric is',
  'CertificateExpiring critical': 'needs a server with TLS, on which the spec of that metric is',
};
const DRILLS = [
  ...['BackupOld critical', 'BackupUnproven warning', 'BackupDamaged critical'],
  ...['StreamFull warning', 'StreamFull critical', 'WritesRejected critical', 'IngestErrorBudget critical'],
  ...['EmbeddingFailing warning', 'DeadLetters warning', 'FailedLogins warning', 'ServiceMissing critical'],
  ...['DiskFull warning', 'DiskFull critical'],
];

it('every alert has a drill, or a reason for having none', () => {
  const all = ALERTS.map(({ name, severity }) => `${name.replace(/^OpenSync/, '')} ${severity}`);
  expect([...DRILLS, ...Object.keys(WITHOUT_DRILL)].toSorted()).toEqual(all.toSorted());
});

withPromtool('an alert fires in its fault, and ends by what its runbook says (needs promtool)', () => {
  let temporary: TemporaryFolder;
  let product: Product;
  beforeEach(async () => {
    temporary = await temporaryFolder();
    product = new Product(join(temporary.path, 'data'), { OPENSYNC_BOOTSTRAP_KEY: KEY });
  });
  afterEach(async () => {
    await product.dispose();
    await temporary.remove();
  });

  const untilMetric = (url: string, name: string, holds: (value: number) => boolean, labels = '') =>
    waitFor(
      async () => {
        const value = await metric(url, name, labels);
        return value !== undefined && holds(value);
      },
      { timeoutMs: 30_000, what: `another ${name}` },
    );

  it('backups: none, none that was proved, a damaged one', async () => {
    const backups = join(temporary.path, 'backups');
    const { url } = await product.start();
    await sync(url, 'session', { externalId: 'one', title: 'Kept' });
    const never = await scrape(url);
    expect((await product.run(['backup', backups])).code).toBe(0);
    await untilMetric(url, 'opensync_backup_last_success_timestamp_seconds', (value) => value > 0);
    const made = await scrape(url);
    await expectToFireAndEnd(
      alertOf('BackupOld', 'critical'),
      { before: never, during: never, after: made },
      1.5 * DAY_MINUTES,
    );

    const rehearse = () => product.run(['rehearse', '--scratch', temporary.path, backups]);
    expect((await rehearse()).code).toBe(0);
    await untilMetric(url, 'opensync_backup_last_proof_timestamp_seconds', (value) => value > 0);
    const proved = await scrape(url);
    await expectToFireAndEnd(
      alertOf('BackupUnproven', 'warning'),
      { before: made, during: made, after: proved },
      8.5 * DAY_MINUTES,
    );

    const file = join(
      backups,
      (await readdir(backups)).find((name) => name.endsWith('.jsonl.gz'))!,
    );
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    expect((await rehearse()).code).toBe(1);
    await untilMetric(url, 'opensync_backup_proof_failed', (value) => value === 1);
    const damaged = await scrape(url);
    expect((await product.run(['backup', '--full', backups])).code).toBe(0);
    expect((await rehearse()).code).toBe(0);
    await untilMetric(url, 'opensync_backup_proof_failed', (value) => value === 0);
    const after = await scrape(url);
    await expectToFireAndEnd(alertOf('BackupDamaged', 'critical'), { before: proved, during: damaged, after });
  }, 240_000);

  it('a full log: a stream near its limit, writes that are rejected, the error budget of ingest', async () => {
    const limit = 600_000;
    const { url, child, finished } = await product.start({ OPENSYNC_EVENTS_MAX_BYTES: String(limit) });
    const empty = await scrape(url);
    const write = (externalId: string, characters: number) => {
      const textContent = 'x'.repeat(characters);
      return post(`${url}/sync/message`, { sessionExternalId: 's', externalId, role: 'user', textContent });
    };
    const share = (above: number) =>
      untilMetric(url, 'opensync_stream_size_bytes', (bytes) => bytes > above * limit, 'stream="EVENTS"');
    for (let n = 0; n < 10; n++) expect(await write(`m${n}`, 50_000)).toBe(200);
    await share(0.8);
    const nearlyFull = await scrape(url);
    let n = 0;
    while ((await write(`s${n}`, 5_000)) === 200) n++;
    await share(0.95);
    const full = await scrape(url);
    for (let more = 0; more < 20; more++) expect(await write(`late${more}`, 5_000)).toBe(503);
    const rejected = await scrape(url);

    child.kill('SIGTERM');
    await finished;
    const raised = await product.start({ OPENSYNC_EVENTS_MAX_BYTES: String(10 * limit) });
    await sync(raised.url, 'session', { externalId: 'after', title: 'After' });
    await untilMetric(raised.url, 'opensync_stream_limit_bytes', (bytes) => bytes > limit, 'stream="EVENTS"');
    const after = await scrape(raised.url);
    await expectToFireAndEnd(alertOf('StreamFull', 'warning'), { before: empty, during: nearlyFull, after });
    await expectToFireAndEnd(alertOf('StreamFull', 'critical'), { before: empty, during: full, after });
    await expectToFireAndEnd(alertOf('WritesRejected', 'critical'), { before: full, during: rejected, after });
    await expectToFireAndEnd(alertOf('IngestErrorBudget', 'critical'), { before: full, during: rejected, after });
  }, 240_000);

  it('a model that fails, a dead letter, wrong keys, a service that is gone', async () => {
    const openAi: FakeOpenAi = await startFakeOpenAi({ dimensions: 3 });
    try {
      const settings = {
        OPENAI_BASE_URL: openAi.url,
        OPENSYNC_EMBEDDING_DIMENSIONS: '3',
        OPENSYNC_WRONG_KEY_LIMIT: '0',
      };
      const { url, child, finished } = await product.start(settings);
      const write = (externalId: string, textContent: string) =>
        sync(url, 'message', { sessionExternalId: 's', externalId, role: 'user', textContent });
      const embedded = (outcome: string, than: number) =>
        untilMetric(url, 'opensync_embed_duration_seconds_count', (count) => count > than, `outcome="${outcome}"`);
      await write('m1', 'the first');
      await embedded('ok', 0);
      const well = await scrape(url);

      openAi.failOn(() => ({ status: 500 }));
      await write('m2', 'the second');
      await embedded('unavailable', 2);
      const failing = await scrape(url);
      openAi.failOn((texts) => (texts.some((text) => text.includes('poison')) ? { status: 400 } : undefined));
      const answered = (await metric(url, 'opensync_embed_duration_seconds_count', 'outcome="ok"'))!;
      await embedded('ok', answered);
      const again = await scrape(url);
      await expectToFireAndEnd(alertOf('EmbeddingFailing', 'warning'), { before: well, during: failing, after: again });

      await write('m3', 'poison');
      const letters = (count: number) =>
        untilMetric(url, 'opensync_dead_letters', (value) => value === count, 'consumer="vectors"');
      await letters(1);
      const letter = await scrape(url);
      // The text stays as it is, so this event can never be embedded.
      const { id } = (JSON.parse((await product.run(['dlq', 'list', '--json'])).stdout) as { id: number }[])[0]!;
      expect((await product.run(['dlq', 'drop', String(id)])).code).toBe(0);
      await letters(0);
      const dropped = await scrape(url);
      await expectToFireAndEnd(alertOf('DeadLetters', 'warning'), { before: again, during: letter, after: dropped });

      const guess = async () => {
        const headers = { authorization: 'Bearer osk_of-nobody-0123456789-0123456789' };
        const { status } = await fetch(`${url}/api/stats`, { headers });
        expect(status).toBe(401);
      };
      for (let round = 0; round < 40; round++) await Promise.all(Array.from({ length: 25 }, guess));
      const guessed = await scrape(url);
      const minutes = 22;
      await expectToFireAndEnd(
        alertOf('FailedLogins', 'warning'),
        { before: dropped, during: guessed, after: guessed },
        minutes,
      );

      child.kill('SIGTERM');
      await finished;
      const gone = await scrape(url);
      const back: Scrape = await scrape((await product.start(settings)).url);
      await expectToFireAndEnd(alertOf('ServiceMissing', 'critical'), { before: guessed, during: gone, after: back });
    } finally {
      await openAi.close();
    }
  }, 240_000);

  itWithDisk()(
    'a full disk',
    async () => {
      await using disk = await smallDisk(400);
      const onDisk = new Product(join(disk.path, 'data'), { OPENSYNC_BOOTSTRAP_KEY: KEY });
      try {
        const { url } = await onDisk.start();
        const before = await scrape(url);
        const { bavail, bsize } = await statfs(disk.path);
        const ballast = join(disk.path, 'ballast');
        // A tenth of the disk stays free.
        await writeFile(ballast, Buffer.alloc(bavail * bsize - 40 * MEBIBYTE));
        const free = (holds: (bytes: number) => boolean) => untilMetric(url, 'opensync_disk_free_bytes', holds);
        await free((bytes) => bytes < 60 * MEBIBYTE);
        const during = await scrape(url);
        await rm(ballast);
        await free((bytes) => bytes > 256 * MEBIBYTE);
        const after = await scrape(url);
        await expectToFireAndEnd(alertOf('DiskFull', 'warning'), { before, during, after });
        await expectToFireAndEnd(alertOf('DiskFull', 'critical'), { before, during, after });
      } finally {
        await onDisk.dispose();
      }
    },
    120_000,
  );
});
