import { activityOf, perSecond, spanOf, throughputOf, type ProcessReport } from './rates.ts';

const report = (fields: Partial<ProcessReport>): ProcessReport => ({
  ...{ id: 'run', service: 'query', host: 'h', version: '1', node: '24', startedAt: 0, at: 10_000 },
  ...{ memory: { rss: 1, heapUsed: 1 }, totals: [], ...fields },
});
const total = (name: string, value: number, labels = {}) => ({ name: `opensync_${name}`, value, labels });
const requests = (ok: number, failed: number) => [
  total('http_request_duration_seconds_count', ok, { status: 200 }),
  total('http_request_duration_seconds_count', failed, { status: 503 }),
];

describe('the activity of a process', () => {
  it('is counted from the report before', () => {
    const before = report({ totals: requests(100, 1) });
    const after = report({ at: 20_000, totals: requests(150, 2) });
    expect(activityOf(after, before)).toMatchObject({ requests: 5.1, failures: 2 });
  });

  it('is counted from its start if there was none before, or the process was another one', () => {
    const now = report({ totals: requests(50, 0) });
    expect(activityOf(now, undefined).requests).toBe(5);
    expect(activityOf(now, report({ id: 'another', totals: requests(500, 0) })).requests).toBe(5);
  });

  it('counts batches that waited or failed, conflicts, and what embedding cost', () => {
    const totals = [
      total('consumer_batch_duration_seconds_count', 7, { outcome: 'ok' }),
      total('consumer_batch_duration_seconds_count', 2, { outcome: 'unavailable' }),
      total('consumer_batch_duration_seconds_count', 1, { outcome: 'error' }),
      total('fold_conflicts_total', 4),
      total('embed_tokens_total', 1_000, { model: 'm' }),
      total('embed_cost_dollars_total', 0.02, { model: 'm' }),
    ];
    const found = activityOf(report({ totals }), undefined);
    expect(found).toMatchObject({ retries: 3, conflicts: 4, embeddedTokens: 1_000, embeddingCost: 0.02 });
  });

  it('says what its rates are of', () => {
    const [first, later] = [report({}), report({ at: 15_000 })];
    const another = report({ id: 'another' });
    expect(spanOf([activityOf(first, undefined)])).toBe('Rates are those since a process started');
    expect(spanOf([activityOf(later, first)])).toBe('Rates are those of the last 5 s');
    expect(spanOf([activityOf(report({ at: 310_000 }), first)])).toBe('Rates are those of the last 5 min 0 s');
    expect(spanOf([activityOf(later, first), activityOf(another, undefined)])).toBe(
      'Rates are those of the last 5 s, or since a process started if that is new here',
    );
  });

  it('is divided by the time that passed, however short', () => {
    const before = report({ totals: requests(100, 0) });
    const after = report({ at: 10_250, totals: requests(101, 0) });
    expect(activityOf(after, before).requests).toBe(4);
  });

  it('is short to read', () => {
    expect([0, 0.01, 0.34, 12.4, 12_345].map(perSecond)).toEqual(['–', '<0.1/s', '0.3/s', '12/s', '12,345/s']);
  });
});

it('says how many messages a consumer gets per second, from two answers', () => {
  const at = (ms: number, delivered: number) => ({ at: ms, consumers: [{ name: 'search', delivered }] });
  const rate = (now: ReturnType<typeof at>, before?: ReturnType<typeof at>) => throughputOf(now, before).get('search');
  expect(rate(at(5_000, 90), at(0, 40))).toBe(10);
  expect(rate(at(5_000, 90))).toBe(0);
  // It was deleted and created again.
  expect(rate(at(5_000, 3), at(0, 40))).toBe(0);
  expect(rate(at(0, 90), at(0, 40))).toBe(0);
});
