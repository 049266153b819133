import { renderDashboards } from './render-dashboards.ts';
import { ruleGroups } from './render.ts';

const GENERATED = '{{- /* Generated from libs/platform/src/monitoring by `npm run generate`. */ -}}';
const RUNBOOKS = 'RUNBOOKS_AT';

/** Text that Helm takes as it is: the rules and the dashboards use the braces of its templates themselves. */
function literal(value: unknown): string {
  const json = JSON.stringify(value, undefined, 1);
  if (json.includes('`')) throw new Error('a backtick would end the literal');
  return `\`${json}\``;
}

const metadata = (values: string, name: string) => `  namespace: {{ ${values}.namespace | default $.Release.Namespace }}
  labels:
    {{- include "opensync.labels" (dict "root" $ "component" "monitoring") | nindent 4 }}
    {{- with ${values}.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  name: ${name}`;

/** The chart's PrometheusRule, without the alerts that its values disable. */
export function renderChartRules(): string {
  return `${GENERATED}
{{- if .Values.monitoring.rules.enabled }}
{{- $rules := .Values.monitoring.rules }}
{{- $groups := fromJsonArray (replace "${RUNBOOKS}" (trimSuffix "/" $rules.runbookUrl) ${literal(ruleGroups(RUNBOOKS))}) }}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
${metadata('$rules', '{{ include "opensync.fullname" . }}')}
spec:
  groups:
    {{- range $group := $groups }}
    - name: {{ $group.name }}
      {{- with $group.interval }}
      interval: {{ . }}
      {{- end }}
      rules:
        {{- range $rule := $group.rules }}
        {{- if not (has (get $rule "alert") $rules.disabled) }}
        -
          {{- toYaml $rule | nindent 10 }}
        {{- end }}
        {{- end }}
    {{- end }}
{{- end }}
`;
}

/** A ConfigMap for each dashboard, for a Grafana that looks for their label. */
export function renderChartDashboards(): string {
  const models = Object.fromEntries([...renderDashboards()].map(([file, text]) => [file, JSON.parse(text) as object]));
  return `${GENERATED}
{{- if .Values.monitoring.dashboards.enabled }}
{{- $dashboards := .Values.monitoring.dashboards }}
{{- range $file, $model := fromJson ${literal(models)} }}
---
apiVersion: v1
kind: ConfigMap
metadata:
${metadata('$dashboards', '{{ include "opensync.fullname" $ }}-{{ trimPrefix "opensync-" (trimSuffix ".json" $file) }}-dashboard')}
data:
  {{ $file }}: |
    {{- toPrettyJson $model | nindent 4 }}
{{- end }}
{{- end }}
`;
}
