import { METRIC } from '../telemetry/names.ts';
import { ALERTS } from './alerts.ts';
import { DASHBOARDS } from './dashboards.ts';
import { metricsIn } from './metrics-in.ts';
import { modelOf, renderDashboards } from './render-dashboards.ts';
import { recordedRatio, SLO_WINDOWS, SLOS } from './slos.ts';

interface Model {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly gridPos: { x: number; y: number; w: number; h: number };
    readonly datasource: { uid: string };
    readonly targets: readonly { refId: string; expr: string; legendFormat: string }[];
  }[];
}
const models = DASHBOARDS.map((dashboard) => modelOf(dashboard) as Model);
const known = new Set<string>(Object.values(METRIC).map(({ name }) => name));
const recorded = new Set(SLOS.flatMap((slo) => SLO_WINDOWS.map((window) => recordedRatio(slo, window))));

describe('dashboards', () => {
  it('are one for operators and one for each service, each a file of its own', () => {
    expect([...renderDashboards().keys()]).toEqual([
      'opensync-operators.json',
      ...['ingest', 'projector', 'embedder', 'query'].map((service) => `opensync-${service}.json`),
    ]);
  });

  it('show metrics of the table, recorded shares and those of the process alone', () => {
    for (const { panels } of models) {
      for (const { expr } of panels.flatMap(({ targets }) => targets)) {
        expect(metricsIn(expr).filter((name) => !known.has(name))).toEqual([]);
        const others = [...expr.matchAll(/\b(opensync:[\w:]+|process_\w+|nodejs_\w+)/g)].map(([name]) => name!);
        expect(metricsIn(expr).length + others.length).toBeGreaterThan(0);
        expect(others.filter((name) => name.startsWith('opensync:') && !recorded.has(name))).toEqual([]);
      }
    }
  });

  it('show everything that an alert is about', () => {
    const shown = new Set(
      models.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr)))),
    );
    const alerting = ALERTS.flatMap(({ expr }) => metricsIn(expr));
    // A failed proof is its age.
    const elsewhere: readonly string[] = [METRIC.backupProofFailed.name];
    expect(alerting.filter((name) => !shown.has(name) && !elsewhere.includes(name))).toEqual([]);
  });

  it('have panels that say what to conclude, do not overlap, and follow the data source of the reader', () => {
    for (const [at, { panels }] of models.entries()) {
      const places = panels.map(({ gridPos: { x, y, w, h } }) => `${x / w} ${y / h}`);
      expect(new Set(places).size).toBe(panels.length);
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      expect(panels.every(({ datasource }) => datasource.uid === '${datasource}')).toBe(true);
      for (const { title, description, queries } of DASHBOARDS[at]!.panels) {
        expect(title).toMatch(/^[A-Z]/);
        expect(description).toMatch(/\.$/);
        expect(new Set(queries.map(({ legend }) => legend)).size).toBe(queries.length);
      }
    }
  });
});
