import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SECRET_SETTINGS } from '@opensync/platform';
import { findHelms, isLongRunning, rendered, REPOSITORY, selects, workloadsOf } from './kubernetes/objects.ts';
import { allowedBetween, componentOf, egressOutside } from './kubernetes/policies.ts';

const run = promisify(execFile);
const CHART = join(REPOSITORY, 'deploy/k8s/chart');
const helms = await findHelms();
const SIZES = readdirSync(CHART).filter((name) => /^values-.*\.yaml$/.test(name));
const withValues = (name: string) => ['--values', join(CHART, name)];
const set = (...values: string[]) => values.flatMap((value) => ['--set', value]);

const NEEDS = helms.length > 0 ? '' : ' (not run: needs Helm, from scripts/chart/install-tools.sh)';

(helms.length > 0 ? describe : describe.skip)(`the chart${NEEDS}`, () => {
  const [helm] = helms as [string];

  it.each(SIZES)('has no mistake that Helm 3 or Helm 4 finds: %s', async (size) => {
    const args = ['lint', '--strict', '--quiet', '--kube-version', '1.34.1', CHART, ...withValues(size)];
    for (const each of helms) await expect(run(each, args)).resolves.toBeDefined();
  });

  it.each([
    ['an even number of servers', ['nats.replicas=2'], 'nats/replicas'],
    ['an unknown value', ['ingest.replica=2'], "additional properties 'replica' not allowed"],
    [
      'a secret among the settings',
      ['query.settings.OIDC_CLIENT_SECRET=a'],
      "invalid propertyName 'OIDC_CLIENT_SECRET'",
    ],
    ['no projector for a role', ['projectors.all.roles={documents,search}'], 'has the role vectors'],
    ['no Secret for NATS outside', ['nats.enabled=false'], 'ingest.existingSecret'],
    ['no Secret for NATS inside', ['secrets.generate=false'], 'nats.existingSecret'],
    ['an Ingress without a host', ['ingress.enabled=true'], 'ingress.host'],
    ['a quantity that no heap follows from', ['ingest.resources.limits.memory=512M'], 'ingest/resources/limits/memory'],
    [
      'more replicas at least than at most',
      ['query.autoscaling.enabled=true', 'query.autoscaling.minReplicas=20'],
      'query.autoscaling.minReplicas',
    ],
  ])('refuses %s, and names the value', async (_what, values, message) => {
    await expect(rendered(helm, set(...values))).rejects.toThrow(message);
  });

  it('refuses every secret among the settings', async () => {
    const refusal = await rendered(helm, set(...SECRET_SETTINGS.map((name) => `settings.${name}=a`))).catch(String);
    for (const name of SECRET_SETTINGS) expect(refusal).toContain(`'${name}'`);
  });

  it('generates nothing, and asks for no rights, with Secrets of your own', async () => {
    const services = [
      'ingest',
      'query',
      'keeper',
      'embedder',
      'wrapped',
      'projectorDefaults',
      'cli',
      'nats',
      'mongodb',
      'elasticsearch',
      'qdrant',
    ];
    const own = services.map((service) => `${service}.existingSecret=mine-${service.toLowerCase()}`);
    const objects = await rendered(helm, set('secrets.generate=false', ...own));
    expect(objects.filter(({ kind }) => /Role|Secret/.test(kind))).toEqual([]);
    expect(objects.filter(({ metadata }) => metadata.name === 'opensync-to-kubernetes')).toEqual([]);
    const text = JSON.stringify(workloadsOf(objects).map(({ pod }) => pod.volumes));
    for (const service of services) expect(text).toContain(`mine-${service.toLowerCase()}`);
    expect(text).not.toMatch(/"opensync-(ingest|query|keeper|embedder|wrapped|projector|cli)"/);
  });

  it('runs before an upgrade, once, what creates streams, consumers, indexes and collections', async () => {
    const jobs = (await rendered(helm)).filter(({ kind }) => kind === 'Job');
    const job = jobs.find(({ metadata }) => metadata.name === 'opensync-prepare')!;
    expect(job.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-upgrade' });
    expect(job.spec).toMatchObject({ podReplacementPolicy: 'Failed' });
    expect(job.spec).not.toHaveProperty('parallelism');
    const { initContainers, containers } = job.spec.template.spec as Record<string, { args: string[] }[]>;
    expect([initContainers![0]!.args, containers![0]!.args]).toEqual([
      ['keeper', '--prepare'],
      ['projector', '--prepare'],
    ]);
    // The passwords that it may need come first.
    const weight = (name: string) =>
      Number(jobs.find(({ metadata }) => metadata.name === name)!.metadata.annotations!['helm.sh/hook-weight']);
    expect(weight('opensync-secrets')).toBeLessThan(weight('opensync-prepare'));
  });

  it('restarts no pod for a version that does not change it', async () => {
    const store = async (values: string[]) =>
      workloadsOf(await rendered(helm, values)).find(({ component }) => component === 'nats')!.spec.template as object;
    expect(await store(set('image.tag=9.9.9', 'ingest.replicas=7'))).toEqual(await store([]));
  });

  it('puts a registry in front of every image, and digests in place of tags', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const objects = await rendered(helm, [
      ...withValues('values-everything.yaml'),
      ...set('global.imageRegistry=mirror.example.org/all', `image.digest=${digest}`),
    ]);
    const images = workloadsOf(objects).flatMap(({ pod }) =>
      [...(pod.initContainers ?? []), ...pod.containers].map(({ image }) => image),
    );
    expect(images.filter((image) => !image.startsWith('mirror.example.org/all/'))).toEqual([]);
    expect(images).toContain(`mirror.example.org/all/opensync@${digest}`);
  });

  it('names no other installation: two releases of one namespace share no object', async () => {
    const own = (await rendered(helm)).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const theirs = (await rendered(helm, set('fullnameOverride=another'))).map(
      ({ kind, metadata }) => `${kind}/${metadata.name}`,
    );
    expect(own.filter((id) => theirs.includes(id))).toEqual([]);
  });

  it('lets query out to a provider of logins only if one is set', async () => {
    const policies = async (...values: string[]) =>
      (await rendered(helm, set(...values)))
        .map(({ metadata }) => metadata.name)
        .filter((name) => /to-login/.test(name));
    expect(await policies()).toEqual([]);
    expect(await policies('query.settings.OIDC_ISSUER=https://login.example.org')).toEqual(['opensync-to-login']);
    expect(await policies('settings.WORKOS_CLIENT_ID=client_1')).toEqual(['opensync-to-login']);
  });

  it('runs nothing that embeds but the embedder where an embedding API does', async () => {
    const objects = await rendered(helm, set('embeddings.enabled=false'));
    expect(objects.filter(({ metadata }) => /embeddings/.test(metadata.name))).toEqual([]);
    expect(JSON.stringify(objects)).not.toContain('OPENSYNC_LOCAL_MODEL_URL');
  });

  it('lets no pod out where there is nothing outside, but the Job that writes Secrets to Kubernetes', async () => {
    const none = ['embedding', 'delivery'].flatMap((name) => ['--set-json', `networkPolicy.${name}=[]`]);
    const objects = await rendered(helm, none);
    expect(egressOutside(objects, workloadsOf(objects).map(componentOf))).toEqual(['secrets']);
  });

  it('lets backups reach what the command line reaches, from pods that are not its own', async () => {
    const backups = ['backup.enabled=true', 'backup.rehearsal.enabled=true', 'backup.restore.enabled=true'];
    const objects = await rendered(helm, set(...backups));
    const workloads = workloadsOf(objects);
    const reached = allowedBetween(objects, workloads.map(componentOf));
    const from = (part: string) =>
      reached.filter((one) => one.startsWith(`${part} `)).map((one) => one.slice(part.length));
    expect(from('backup')).toHaveLength(4);
    expect(from('backup')).toEqual(from('cli'));
    const cli = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'opensync-cli')!;
    const selected = workloads.filter(({ podLabels }) => selects(cli.spec.selector, podLabels));
    expect(selected.map(({ metadata }) => metadata.name)).toEqual(['opensync-cli']);
  });

  it('runs nothing that could write to the log while a backup is restored into it', async () => {
    const objects = await rendered(helm, [
      ...withValues('values-everything.yaml'),
      ...set('backup.restore.enabled=true'),
    ]);
    const services = workloadsOf(objects).filter(
      ({ kind, component }) => kind === 'Deployment' && !/^edge|embeddings|cli$/.test(component),
    );
    const running = services.filter(({ spec }) => spec.replicas !== 0).map(({ component }) => component);
    expect(services.length).toBeGreaterThan(5);
    // It creates the streams.
    expect(running).toEqual(['keeper']);
    expect(objects.filter(({ kind }) => kind === 'ScaledObject')).toEqual([]);
    expect(objects.filter(({ kind, metadata }) => kind === 'Job' && metadata.name === 'opensync-restore')).toHaveLength(
      1,
    );
  });

  it('leaves replicas to whatever scales', async () => {
    const everything = [...withValues('values-everything.yaml'), ...set('backup.restore.enabled=false')];
    const workloads = workloadsOf(await rendered(helm, everything));
    const scaled = /ingest|query|edge|embedder|embeddings|projector/;
    for (const { component, spec } of workloads.filter(isLongRunning))
      expect([component, spec.replicas === undefined]).toEqual([component, scaled.test(component)]);
  });
});

(helms.length > 1 ? it.each(SIZES) : it.skip.each(SIZES))('Helm 3 and Helm 4 render the same: %s', async (size) => {
  const [third, fourth] = await Promise.all(helms.map((helm) => rendered(helm, withValues(size))));
  const sorted = (objects: { kind: string; metadata: { name: string } }[]) =>
    objects.toSorted((a, b) => `${a.kind}${a.metadata.name}`.localeCompare(`${b.kind}${b.metadata.name}`, 'en'));
  expect(sorted(fourth!)).toEqual(sorted(third!));
});
