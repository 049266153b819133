{{- define "opensync.allPods" -}}
matchLabels:
  app.kubernetes.io/name: {{ .Chart.Name }}
  app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The pods of several components: (dict "root" $ "in" (list "ingest" "query")). */}}
{{- define "opensync.components" -}}
{{- include "opensync.allPods" .root }}
matchExpressions:
  - key: app.kubernetes.io/component
    operator: In
    values: [{{ join ", " .in }}]
{{- end }}

{{- define "opensync.inlineSelector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}, app.kubernetes.io/instance: {{ .root.Release.Name }}, app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* A server outside of the installation: its networks and its port, (dict "cidrs" (list "10.0.0.0/8") "port" 27017). */}}
{{- define "opensync.outside" -}}
- to:
    {{- range .cidrs }}
    - ipBlock: { cidr: {{ . | quote }} }
    {{- end }}
  ports: [{ port: {{ .port }} }]
{{- end }}

{{/* "true" if KEDA scales something here. */}}
{{- define "opensync.anyKeda" -}}
{{- $any := .Values.embedder.keda.enabled -}}
{{- range $group, $given := .Values.projectors -}}
{{- if $given.enabled -}}
{{- if (mergeOverwrite (deepCopy $.Values.projectorDefaults) (deepCopy $given)).keda.enabled -}}{{- $any = true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $any -}}true{{- end -}}
{{- end }}
