import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder, waitFor } from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { auditDocuments, auditSearch } from './harness/audit.ts';
import { destroyChart, installChart, upgradeChart, valuesOfChart } from './harness/chart.ts';
import { attachToCluster, type ClusterTarget, kubectl, kubectlIn, NAMESPACE } from './harness/cluster.ts';
import { figure } from './harness/figure.ts';
import { outcomeOf, runNow } from './harness/jobs.ts';
import { Load } from './harness/load.ts';
import { projected } from './harness/settled.ts';
import { countsOf, isAtRest } from './harness/status.ts';

const run = promisify(execFile);
const HERE = process.env.OPENSYNC_E2E_TARGET === 'chart';
const VOLUME = 'opensync-backups';
const PATIENCE_MS = 240_000;
const SETTLED_WITHIN_MS = 300_000;
/** Beside the values of the installation. The CronJobs run when this test says so. */
const VALUES = [
  'backup.enabled=true',
  'backup.schedule=0 0 29 2 *',
  'backup.rehearsal.enabled=true',
  'backup.rehearsal.schedule=0 0 29 2 *',
  'backup.rehearsal.scratchSize=1Gi',
  // The address at which plugins know the installation outlives it.
  'edge.service.annotations.helm\\.sh/resource-policy=keep',
];

/** The Job of the CronJob with one more argument, as docs/backup.md has it. */
const FULL_BACKUP = `
  kubectl --namespace opensync create job backup-full --from=cronjob/opensync-backup --dry-run=client --output json |
    kubectl patch --local --filename - --type json --output json \\
      --patch '[{"op":"add","path":"/spec/template/spec/containers/0/args/1","value":"--full"}]' |
    kubectl apply --filename -`;

(HERE ? describe : describe.skip)('a backup on Kubernetes (runs in deploy/k8s/cluster-test.sh)', () => {
  let target: ClusterTarget;
  beforeAll(async () => {
    target = await attachToCluster();
  }, 300_000);

  const proof = async (job: string) => {
    const { succeeded, output } = await runNow('opensync-rehearsal', job);
    const [, restored, live] = /^Restored {2}(\w{64})\nLive {6}(\w{64})\nProved {4}/m.exec(output) ?? [];
    expect({ succeeded, output, equal: restored !== undefined && restored === live }).toMatchObject({
      succeeded: true,
      equal: true,
    });
    return live!;
  };
  const settled = async () => {
    const atRest = async () => {
      const status = await target.status();
      return isAtRest(status) && status;
    };
    return countsOf(
      await waitFor(atRest, { timeoutMs: SETTLED_WITHIN_MS, intervalMs: 3000, what: 'all projections at rest' }),
    );
  };

  it('survives the loss of everything else: the same documents, keys and positions, and plugins go on', async () => {
    await claimVolume();
    await upgradeChart(...VALUES, 'backup.restore.enabled=false');
    const [ada, bob, former] = (await Promise.all(
      ['ada', 'bob', 'former'].map((name) => target.api(`${name}@backup.example.com`)),
    )) as [Api, Api, Api];
    await target.revoke(former);
    await using load = new Load([ada, bob], 4, { patienceMs: PATIENCE_MS });
    await load.progress(200);
    expect(await runNow('opensync-backup', 'backup-first')).toMatchObject({
      succeeded: true,
      output: expect.stringContaining('-000001.jsonl.gz'),
    });
    // What is new goes into a second part, while clients write.
    await load.progress(100);
    await load.stop();
    expect(await runNow('opensync-backup', 'backup-second')).toMatchObject({
      succeeded: true,
      output: expect.stringContaining('-000002.jsonl.gz'),
    });
    for (const { api, positions } of load.ledgers) await projected(api, positions.at(-1)!);
    const before = await settled();
    const digest = await proof('rehearsal-before');
    const listed = await Promise.all([ada, bob].map((api) => api.sessions()));

    await using folder = await temporaryFolder();
    const values = join(folder.path, 'values.yaml');
    await writeFile(values, await valuesOfChart());
    await destroyChart();
    await expect(ada.request('/api/sessions')).rejects.toThrow();
    const startedAt = performance.now();
    const since = () => Math.round((performance.now() - startedAt) / 1000);
    await installChart(values, 'backup.restore.enabled=true');
    expect(await outcomeOf('opensync-restore')).toMatchObject({
      succeeded: true,
      output: expect.stringContaining(', restored'),
    });
    figure('backup restored into a new installation, seconds', since());
    await upgradeChart('backup.restore.enabled=false');
    await target.start();
    figure('all services ready, seconds', since());

    // A plugin goes on with its key, and waits for positions of before as if nothing had been.
    for (const { api, positions } of load.ledgers) await projected(api, positions.at(-1)!);
    figure('documents complete, seconds', since());
    expect(await settled()).toEqual(before);
    expect(await proof('rehearsal-restored')).toBe(digest);
    expect(await Promise.all([ada, bob].map((api) => api.sessions()))).toEqual(listed);
    for (const ledger of load.ledgers) {
      expect(await auditDocuments(ledger)).toEqual([]);
      expect(await auditSearch(ledger)).toEqual([]);
    }
    figure('messages restored', load.acknowledged);
    expect((await former.request('/api/sessions')).status).toBe(401);
    await projected(ada, await ada.syncSession({ externalId: 'after the restore' }));
    expect(await ada.sessions()).toHaveLength(listed[0]!.length + 1);
  }, 1_800_000);

  it('is no longer believed once a file is damaged, until there is a new one', async () => {
    const made = await runNow('opensync-backup', 'backup-of-the-restored');
    // The restored log is another one.
    expect(made).toMatchObject({ succeeded: true, output: expect.stringContaining('-000001.jsonl.gz') });
    const file = await damageLast();
    const damaged = await runNow('opensync-rehearsal', 'rehearsal-damaged');
    expect(damaged).toMatchObject({ succeeded: false, output: expect.stringMatching(`${file} is (damaged|not)`) });
    const backupLine = async () =>
      (await doctor(target)).split('\n').find((line) => /^[✓✗!] backup/.test(line)) ?? 'no line about backups';
    expect(await backupLine()).toMatch(/^✗ .*is (damaged|not)/);

    // As docs/backup.md says.
    await run('sh', ['-c', FULL_BACKUP], { env: process.env });
    expect(await outcomeOf('backup-full')).toMatchObject({ succeeded: true });
    await proof('rehearsal-of-the-new-one');
    expect(await backupLine()).toMatch(/^✓/);
  }, 1_200_000);
});

/** Checks that fail make the command fail; what it prints is the same. */
function doctor(target: ClusterTarget): Promise<string> {
  return target.command('doctor').catch(({ stdout }: { stdout: string }) => stdout);
}

/** Changes one bit in the middle of the newest file of the volume; resolves with the file's name. */
async function damageLast(): Promise<string> {
  const script = `
    const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
    const file = readdirSync('/backups').filter((name) => name.endsWith('.jsonl.gz')).sort().at(-1);
    const bytes = readFileSync('/backups/' + file);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync('/backups/' + file, bytes);
    console.log(file);`;
  const image = await kubectl('get', 'deploy/opensync-cli', '-o', 'jsonpath={.spec.template.spec.containers[0].image}');
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'damage' },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'damage',
          image,
          command: ['node', '-e', script],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'backups', mountPath: '/backups' }],
        },
      ],
      volumes: [{ name: 'backups', persistentVolumeClaim: { claimName: VOLUME } }],
    },
  };
  await kubectlIn(NAMESPACE, ['apply', '-f', '-'], JSON.stringify(pod));
  await kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/damage', '--timeout=180s');
  return (await kubectl('logs', 'damage')).trim();
}

async function claimVolume(): Promise<void> {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: VOLUME },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  await kubectlIn(NAMESPACE, ['apply', '-f', '-'], JSON.stringify(claim));
}
