import type { ConsumerHealth } from './batch-consumer.ts';
import { consumersState, isMakingProgress } from './reports.ts';

const now = Date.UTC(2026, 0, 15);
const well: ConsumerHealth = {
  consumer: 'documents',
  pending: 10,
  lastProgressAt: now - 1000,
  blocked: undefined,
  unsubscribedSince: undefined,
};
const longAgo = now - 3_600_000;

describe('liveness of the consumers', () => {
  it('is lost only if there is work, no dependency to wait for, and no progress', () => {
    expect(isMakingProgress([well], now)).toBe(true);
    expect(isMakingProgress([{ ...well, lastProgressAt: longAgo }], now)).toBe(false);
    expect(isMakingProgress([well, { ...well, lastProgressAt: longAgo }], now)).toBe(false);
    expect(isMakingProgress([{ ...well, pending: 0, lastProgressAt: longAgo }], now)).toBe(true);
    expect(isMakingProgress([{ ...well, blocked: 'no store', lastProgressAt: longAgo }], now)).toBe(true);
  });

  it('is also lost if the server sends a consumer no messages for a minute; readiness at once', () => {
    const gone = (ms: number) => ({ ...well, pending: 0, blocked: '404 Not Found', unsubscribedSince: now - ms });
    expect(isMakingProgress([well, gone(59_000)], now)).toBe(true);
    expect(isMakingProgress([well, gone(61_000)], now)).toBe(false);
    expect(consumersState([well, gone(0)])).toBe('down');
    expect(consumersState([{ ...well, blocked: 'no store' }])).toBe('up');
  });
});
