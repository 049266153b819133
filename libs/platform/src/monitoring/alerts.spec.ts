import { readdirSync, readFileSync } from 'node:fs';
import { METRIC } from '../telemetry/names.ts';
import { runbookOf } from './alert.ts';
import { ALERTS } from './alerts.ts';
import { HEALTHY } from './healthy.ts';
import { recordedRatio, SLO_WINDOWS, SLOS } from './slos.ts';
import { metricsIn } from './metrics-in.ts';
import { toYaml } from './yaml.ts';

const RUNBOOKS = new URL('../../../../docs/runbooks/', import.meta.url);
const recorded = SLOS.flatMap((slo) => SLO_WINDOWS.map((window) => recordedRatio(slo, window)));
const known = new Set<string>(Object.values(METRIC).map(({ name }) => name));

describe('alerts', () => {
  it('each have a runbook, which begins with their name, and each runbook has an alert', () => {
    const pages = readdirSync(RUNBOOKS);
    expect(pages.toSorted()).toEqual([...new Set(ALERTS.map((alert) => `${runbookOf(alert)}.md`))].toSorted());
    for (const alert of ALERTS) {
      const text = readFileSync(new URL(`${runbookOf(alert)}.md`, RUNBOOKS), 'utf8');
      expect(text).toMatch(
        new RegExp(`^# ${alert.name}\n[^]+\n## How to see it\n[^]*\n\`\`\`sh\n[^]+\n## What to do\n`),
      );
    }
  });

  it('are about metrics of the table, the shares of their objectives, and volumes of the kubelet', () => {
    for (const { expr, test } of ALERTS) {
      for (const text of [expr, ...test.series.map(({ series }) => series)]) {
        const unknown = metricsIn(text).filter((name) => !known.has(name));
        expect(unknown).toEqual([]);
      }
      const others = [...expr.matchAll(/\b(kubelet_\w+|opensync:[\w:]+)/g)].map(([name]) => name);
      expect(others.filter((name) => !recorded.includes(name) && !name.startsWith('kubelet_volume_stats_'))).toEqual(
        [],
      );
    }
  });

  it('are unique by name and severity, and name both in every test', () => {
    const names = ALERTS.map(({ name, severity }) => `${name} ${severity}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { test } of ALERTS) expect(test.series.length).toBeGreaterThan(0);
    for (const { series } of HEALTHY) expect(metricsIn(series).length).toBe(1);
  });
});

it('YAML has texts of several lines as blocks', () => {
  const value = { groups: [{ name: 'a: b', rules: [{ expr: 'x\n> 1', list: [] }] }], every: '1m' };
  expect(toYaml(value)).toBe(`
groups:
  - name: "a: b"
    rules:
      - expr: |-
          x
          > 1
        list: []
every: "1m"`);
});
