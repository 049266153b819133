import type { RequestWarning } from '@opensync/contracts';
import { createRegistry } from '@opensync/platform/telemetry';
import { countedWarnings, shownWarnings } from './warnings.ts';

const warning = (field: string, reason: RequestWarning['reason']): RequestWarning => ({
  ...{ path: `${field}.inside`, message: 'left out: odd', field, reason },
});

it('are counted by field and reason', async () => {
  const metrics = createRegistry('test');
  const count = countedWarnings(metrics);
  count([warning('title', 'too-long'), warning('cost', 'negative')]);
  count([]);
  count([warning('cost', 'negative')]);
  const shown = (await metrics.metrics()).split('\n').filter((line) => line.startsWith('opensync_odd_values_total'));
  expect(shown).toEqual([
    'opensync_odd_values_total{field="title",reason="too-long"} 1',
    'opensync_odd_values_total{field="cost",reason="negative"} 2',
  ]);
});

it('are shown by path and message, and omitted if there are none', () => {
  expect(shownWarnings([warning('title', 'too-long')])).toEqual({
    warnings: [{ path: 'title.inside', message: 'left out: odd' }],
  });
  expect(shownWarnings([])).toEqual({});
});
