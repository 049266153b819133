import { ALERT_GROUPS, ALERTS } from './alerts.ts';
import { runbookOf, type Alert } from './alert.ts';
import { HEALTHY } from './healthy.ts';
import { recordedRatio, SLO_WINDOWS, SLOS } from './slos.ts';
import { toYaml } from './yaml.ts';

const GENERATED = '# Generated from libs/platform/src/monitoring by `npm run generate`.\n';

/** The documentation of your own installation has the runbooks: it answers them below `/docs`. */
export const RUNBOOKS_AT = 'https://opensync.example.com/docs/runbooks';

/** Rules as Prometheus and the PrometheusRule of its operator have them. */
export function ruleGroups(runbooksAt: string): object[] {
  const recorded = SLOS.flatMap((slo) =>
    SLO_WINDOWS.map((window) => ({ record: recordedRatio(slo, window), expr: slo.badRatio(window) })),
  );
  return [
    { name: 'opensync-ratios', interval: '30s', rules: recorded },
    ...ALERT_GROUPS.map(({ name, alerts }) => ({ name, rules: alerts.map((alert) => ruleOf(alert, runbooksAt)) })),
  ];
}

function ruleOf(alert: Alert, runbooksAt: string): object {
  const { name, severity, expr, summary, description } = alert;
  return {
    alert: name,
    expr,
    for: alert.for,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbooksAt}/${runbookOf(alert)}` },
  };
}

/** `deploy/monitoring/rules.yml`: for a Prometheus that reads files. */
export function renderRules(): string {
  return `${GENERATED}# The base of runbook_url is to be the address of your installation.${toYaml({ groups: ruleGroups(RUNBOOKS_AT) })}\n`;
}

/** Nothing but the error budgets looks further back than hours. */
const TESTS = {
  'rules.test.yml': { every: '1m', series: HEALTHY, quietAt: [10, 70, 190], isSlow: false },
  'rules.slow.test.yml': {
    every: '15m',
    series: SLOS.flatMap(({ testSeries, objective }) => testSeries((1 - objective) / 4)),
    quietAt: [24 * 60, 95 * 60],
    isSlow: true,
  },
} as const;
export const RULE_TESTS = Object.keys(TESTS) as (keyof typeof TESTS)[];

/** A file for `promtool test rules`: each alert fires in its fault, and none if all is well. */
export function renderRuleTests(file: keyof typeof TESTS): string {
  const { every, series, quietAt, isSlow } = TESTS[file];
  const fires = ALERTS.filter((alert) => (alert.isSlow ?? false) === isSlow).map((alert) => {
    const firing = `ALERTS{alertname="${alert.name}",severity="${alert.severity}",alertstate="firing"}`;
    return {
      name: `${alert.name} (${alert.severity})`,
      interval: every,
      input_series: alert.test.series,
      promql_expr_test: [
        {
          expr: `count(${firing}) > 0`,
          eval_time: `${alert.test.minutes}m`,
          exp_samples: [{ labels: '{}', value: 1 }],
        },
        // It waits for its `for`.
        { expr: `count(${firing})`, eval_time: '0m', exp_samples: [] },
      ],
    };
  });
  const quiet = {
    name: 'no alert fires while all is well',
    interval: every,
    input_series: series,
    promql_expr_test: quietAt.map((minutes) => ({
      // Of the slow ones, only those: their series are nothing but the outcomes of writes.
      expr: isSlow
        ? 'count(ALERTS{alertname=~".*ErrorBudget",alertstate="firing"})'
        : 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: `${minutes}m`,
      exp_samples: [],
    })),
  };
  const tests = { rule_files: ['rules.yml'], evaluation_interval: every, tests: [...fires, quiet] };
  return `${GENERATED}# promtool test rules deploy/monitoring/${file}${toYaml(tests)}\n`;
}
