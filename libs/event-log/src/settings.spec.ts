import { loadSettings } from '@opensync/platform';
import { publishMode, topologyOf } from './settings.ts';

describe('publishMode', () => {
  it.each([
    [{}, 'group'],
    [{ OPENSYNC_SYNC: 'interval' }, 'plain'],
    [{ OPENSYNC_SYNC: 'interval', NATS_URL: 'nats://log:4222' }, 'group'],
    [{ OPENSYNC_SYNC: 'interval', OPENSYNC_PUBLISH: 'group' }, 'group'],
    [{ OPENSYNC_PUBLISH: 'plain' }, 'plain'],
  ])('%j publishes %s', (env, expected) => {
    expect(publishMode(loadSettings(env))).toBe(expected);
  });
});

describe('topologyOf', () => {
  it('limits the log only if a limit is set', () => {
    const accessLog = { accessLogDays: 30, accessLogMaxBytes: 268_435_456 };
    expect(topologyOf(loadSettings({}))).toEqual({ replicas: 1, ...accessLog });
    expect(topologyOf(loadSettings({ OPENSYNC_REPLICAS: '3', OPENSYNC_EVENTS_MAX_BYTES: '1000000' }))).toEqual({
      replicas: 3,
      eventsMaxBytes: 1_000_000,
      ...accessLog,
    });
  });
});
