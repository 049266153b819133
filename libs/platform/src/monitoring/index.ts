export { runbookOf, type Alert } from './alert.ts';
export { ALERT_GROUPS, ALERTS } from './alerts.ts';
export { renderRules, renderRuleTests, RULE_TESTS, ruleGroups } from './render.ts';
export { DASHBOARDS } from './dashboards.ts';
export { renderChartDashboards, renderChartRules } from './render-chart.ts';
export { renderDashboards } from './render-dashboards.ts';
export { SLOS } from './slos.ts';
