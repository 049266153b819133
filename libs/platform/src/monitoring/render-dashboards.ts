import { DASHBOARDS } from './dashboards.ts';
import type { Dashboard, Panel } from './panels.ts';

const WIDTH = 12;
const HEIGHT = 8;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** The files of `deploy/monitoring/dashboards`, by their names: JSON as Grafana imports it. */
export function renderDashboards(): Map<string, string> {
  return new Map(DASHBOARDS.map((dashboard) => [`${dashboard.name}.json`, JSON.stringify(modelOf(dashboard))]));
}

/** The model of Grafana 10 and later. */
export function modelOf({ name, title, description, panels }: Dashboard): object {
  return {
    uid: name,
    title,
    description,
    tags: ['opensync'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', hide: 0 }],
    },
    annotations: { list: [] },
    links: [
      {
        title: 'OpenSync',
        type: 'dashboards',
        tags: ['opensync'],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
      },
    ],
    panels: panels.map(panelOf),
  };
}

function panelOf({ title, description, unit, kind = 'timeseries', queries }: Panel, at: number): object {
  return {
    id: at + 1,
    type: kind,
    title,
    description,
    datasource: DATASOURCE,
    gridPos: { x: (at % 2) * WIDTH, y: Math.floor(at / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit, ...(kind === 'timeseries' && { min: 0 }) }, overrides: [] },
    options:
      kind === 'stat'
        ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, textMode: 'value_and_name' }
        : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}
