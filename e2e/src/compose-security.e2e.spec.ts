import { connectLog } from '@opensync/event-log';
import { z } from 'zod';
import { attachToCompose, compose, containerOf, docker, natsAddressOf, type ComposeTarget } from './harness/compose.ts';

const APART = process.env.OPENSYNC_E2E_TARGET === 'compose';

const STORES = ['nats', 'mongo', 'elasticsearch', 'qdrant'] as const;
const PORTS = { nats: 4222, mongo: 27017, elasticsearch: 9200, qdrant: 6333, embeddings: 8080 } as const;
const SERVICES = ['keeper', 'ingest', 'projector', 'embedder', 'query', 'wrapped'] as const;
/** Which stores, and which model, each container reaches. */
const REACHES: Readonly<Record<(typeof SERVICES)[number], readonly (keyof typeof PORTS)[]>> = {
  keeper: ['nats'],
  ingest: ['nats', 'mongo'],
  projector: ['nats', 'mongo', 'elasticsearch', 'qdrant'],
  embedder: ['nats', 'embeddings'],
  query: ['nats', 'mongo', 'elasticsearch', 'qdrant'],
  wrapped: ['nats', 'mongo'],
};

const inspectSchema = z.tuple([
  z.object({
    Config: z.object({ User: z.string(), Env: z.array(z.string()) }),
    HostConfig: z.object({
      CapDrop: z.array(z.string()),
      SecurityOpt: z.array(z.string()),
      PortBindings: z.record(z.string(), z.array(z.object({ HostIp: z.string() }))).nullable(),
    }),
  }),
]);

async function inspected(service: string) {
  return inspectSchema.parse(JSON.parse(await docker(['inspect', (await containerOf(service)).Id])))[0];
}

/** Which of the stores, in this order, a container can connect to. */
async function reachedBy(service: string): Promise<string[]> {
  const script = `
    const { connect } = require('node:net');
    const reach = ([host, port]) => new Promise((done) => {
      const socket = connect({ host, port, timeout: 2000 });
      const end = (reached) => { socket.destroy(); done(reached && host); };
      socket.once('connect', () => end(true)).once('error', () => end(false)).once('timeout', () => end(false));
    });
    Promise.all(Object.entries(${JSON.stringify(PORTS)}).map(reach)).then((all) => console.log(JSON.stringify(all.filter(Boolean))));`;
  return JSON.parse(await compose('exec', '-T', service, 'node', '--eval', script)) as string[];
}

(APART ? describe : describe.skip)('docker compose from the first start (runs in deploy/compose-test.sh)', () => {
  let target: ComposeTarget;
  beforeAll(async () => {
    target = await attachToCompose();
  }, 120_000);

  it('the log and the vectors refuse everybody without a password', async () => {
    const servers = `nats://${await natsAddressOf()}`;
    await expect(connectLog({ servers, name: 'e2e', firstConnectMs: 2000 })).rejects.toThrow('NATS_TOKEN');
    const { Networks } = (await containerOf('qdrant')).NetworkSettings;
    const collections = await fetch(`http://${Object.values(Networks)[0]!.IPAddress}:6333/collections`);
    expect([401, 403]).toContain(collections.status);
  });

  it('no service and no command has tried anything that its user on the log may not do', async () => {
    await target.status();
    const lines = (await compose('logs', '--no-color', '--no-log-prefix', 'nats')).split('\n');
    expect(lines.filter((line) => /violation/i.test(line))).toEqual([]);
  });

  it.each([...SERVICES])('%s reaches only the stores that it uses', async (service) => {
    expect(await reachedBy(service)).toEqual(REACHES[service]);
  });

  it.each([...SERVICES, ...STORES, 'edge'])(
    '%s has no rights of root and no password in its environment',
    async (service) => {
      const { Config, HostConfig } = await inspected(service);
      expect(Config.User).toMatch(/^(node|[1-9]\d*:\d+)$/);
      expect({ drop: HostConfig.CapDrop, options: HostConfig.SecurityOpt }).toEqual({
        drop: ['ALL'],
        options: ['no-new-privileges:true'],
      });
      expect(Config.Env.filter((line) => /:\/\/[^/]*:[^/]*@/.test(line))).toEqual([]);
    },
  );

  it('only the edge is published, to this machine alone', async () => {
    for (const service of [...SERVICES, ...STORES]) {
      expect({ service, ports: (await inspected(service)).HostConfig.PortBindings ?? {} }).toEqual({
        service,
        ports: {},
      });
    }
    const { PortBindings } = (await inspected('edge')).HostConfig;
    expect(Object.values(PortBindings!).flat()).toMatchObject([{ HostIp: '127.0.0.1' }]);
  });

  it.each([...SERVICES])('%s has its own secrets and nobody else’s, which nobody else can read', async (service) => {
    const list = await compose(
      'exec',
      '-T',
      service,
      'stat',
      '--format',
      '%n %a %U',
      '/run/opensync',
      ...FILES_OF[service],
    );
    const files = list.trim().split('\n').slice(1);
    expect(files).toEqual(FILES_OF[service].map((file) => `${file} 400 node`));
    expect((await compose('exec', '-T', service, 'ls', '/run/opensync')).trim().split('\n')).toHaveLength(files.length);
  });

  it('keeps its passwords when it is started again', async () => {
    const secret = () => compose('exec', '-T', 'keeper', 'cat', '/run/opensync/NATS_URL');
    const before = await secret();
    await compose('up', '--detach', '--no-build', '--force-recreate', '--no-deps', 'secrets');
    await docker(['wait', (await containerOf('secrets')).Id]);
    expect(await secret()).toBe(before);
    expect((await containerOf('secrets')).State.ExitCode).toBe(0);
  });
});

const FILES_OF: Readonly<Record<(typeof SERVICES)[number], readonly string[]>> = {
  keeper: filesOf('NATS_URL', 'OPENSYNC_KEY_SECRET'),
  ingest: filesOf('MONGODB_URL', 'NATS_URL', 'OPENSYNC_KEY_SECRET'),
  projector: filesOf('ELASTICSEARCH_URL', 'MONGODB_URL', 'NATS_URL', 'QDRANT_API_KEY', 'QDRANT_URL'),
  embedder: filesOf('NATS_URL'),
  query: filesOf('ELASTICSEARCH_URL', 'MONGODB_URL', 'NATS_URL', 'OPENSYNC_KEY_SECRET', 'QDRANT_API_KEY', 'QDRANT_URL'),
  wrapped: filesOf('MONGODB_URL', 'NATS_URL', 'OPENSYNC_KEY_SECRET'),
};

function filesOf(...names: string[]): string[] {
  return names.map((name) => `/run/opensync/${name}`);
}
