import { PendingCalls } from './pending-calls.ts';

const limits = { maxPendingEvents: 30, maxPendingBytes: 300 };
const UNAVAILABLE = expect.objectContaining({ code: 'UNAVAILABLE' });

describe('PendingCalls', () => {
  it('keeps room for other owners beside one who sends much', () => {
    const pending = new PendingCalls(limits);
    pending.add('a', 20, 1);
    expect(() => pending.add('a', 1, 1)).toThrow(UNAVAILABLE);
    pending.add('b', 10, 1);
    expect(() => pending.add('b', 1, 1)).toThrow(UNAVAILABLE);
    pending.remove('a', 20, 1);
    expect(() => pending.add('a', 1, 201)).not.toThrow();
    expect(() => pending.add('a', 1, 1)).toThrow(UNAVAILABLE);
    expect(pending.events).toBe(11);
  });

  it('accepts a call of any size if it is alone', () => {
    const pending = new PendingCalls(limits);
    pending.add('a', 1_000, 1_000);
    expect(() => pending.add('b', 1, 1)).toThrow(UNAVAILABLE);
    pending.remove('a', 1_000, 1_000);
    expect(pending.none).toBe(true);
    pending.add('b', 1, 1);
    expect(() => pending.add('a', 25, 1)).not.toThrow();
  });
});
