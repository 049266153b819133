import { renderConfiguration } from './configuration.ts';

const configuration = {
  name: 'opensync-1',
  port: 4222,
  token: 'a "quoted" token',
  storeDir: '/data/with space/nats',
  sync: 'always' as const,
  pidFile: '/data/nats.pid',
  logFile: '/data/nats.log',
};

describe('the configuration of the embedded nats-server', () => {
  it('syncs before each acknowledgement only if configured', () => {
    expect(renderConfiguration(configuration)).toContain('sync_interval: always');
    expect(renderConfiguration({ ...configuration, sync: 'interval' })).not.toContain('sync_interval');
  });

  it('listens on the loopback interface and quotes its inputs', () => {
    const text = renderConfiguration(configuration);
    expect(text).toContain('host: "127.0.0.1"');
    expect(text).toContain('token: "a \\"quoted\\" token"');
    expect(text).toContain('store_dir: "/data/with space/nats"');
  });
});
