import type { ConsumerHealth } from './batch-consumer.ts';
import { isMakingProgress } from './reports.ts';

const now = Date.UTC(2026, 0, 15);
const well: ConsumerHealth = { consumer: 'documents', pending: 10, lastProgressAt: now - 1000, blocked: undefined };
const longAgo = now - 3_600_000;

describe('liveness of the consumers', () => {
  it('is lost only where there is work, nothing to wait for, and no progress', () => {
    expect(isMakingProgress([well], now)).toBe(true);
    expect(isMakingProgress([{ ...well, lastProgressAt: longAgo }], now)).toBe(false);
    expect(isMakingProgress([well, { ...well, lastProgressAt: longAgo }], now)).toBe(false);
    expect(isMakingProgress([{ ...well, pending: 0, lastProgressAt: longAgo }], now)).toBe(true);
    expect(isMakingProgress([{ ...well, blocked: 'no store', lastProgressAt: longAgo }], now)).toBe(true);
  });
});
