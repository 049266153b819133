import { AppError } from '../errors.ts';
import { counter, gauge, histogram, Registry, timed } from './metrics.ts';
import { METRIC } from './names.ts';

describe('metrics', () => {
  it('are shared by all callers', async () => {
    const registry = new Registry();
    counter(registry, METRIC.publishedEvents).inc(2);
    counter(registry, METRIC.publishedEvents).inc(3);
    histogram(registry, METRIC.publish).observe({ outcome: 'ok' }, 0.1);
    histogram(registry, METRIC.publish).observe({ outcome: 'ok' }, 0.1);
    const text = await registry.metrics();
    expect(text).toContain('opensync_published_events_total 5\n');
    expect(text).toContain('opensync_publish_duration_seconds_count{outcome="ok"} 2\n');
  });

  it('show no value instead of an outdated one if a reading fails', async () => {
    const registry = new Registry();
    let failing = false;
    const read = <T>(value: T) => (failing ? Promise.reject(new Error('away')) : Promise.resolve([value]));
    gauge(registry, METRIC.publishPending, () => read({ value: 7 }));
    gauge(registry, METRIC.deadLetters, () => read({ value: 1, labels: { consumer: 'search' } }));
    expect(await registry.metrics()).toMatch(/pending_events 7\n[^]*dead_letters\{consumer="search"\} 1\n/);
    failing = true;
    expect(await registry.metrics()).not.toMatch(/^opensync/m);
    failing = false;
    expect(await registry.metrics()).toContain('opensync_publish_pending_events 7\n');
  });

  it.each([
    ['ok', undefined],
    ['unavailable', new AppError('UNAVAILABLE', 'later')],
    ['error', new TypeError('bug')],
  ])('distinguish %s from other outcomes', async (expected, error) => {
    const told: string[] = [];
    const work = async () => {
      if (error) throw error;
      return 'done';
    };
    const result = await timed(work, (outcome) => told.push(outcome)).catch((thrown: unknown) => thrown);
    expect(result).toBe(error ?? 'done');
    expect(told).toEqual([expected]);
  });
});

describe('names of metrics', () => {
  it('contain their unit or kind, and never identify users', () => {
    for (const { name, labels } of Object.values(METRIC)) {
      expect(name).toMatch(/^opensync_[a-z_]+$/);
      expect(labels.join()).not.toMatch(/user|owner|workspace|key|session/);
    }
  });
});
