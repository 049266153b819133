{{- define "opensync.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* The labels that select the pods of a component: (dict "root" $ "component" "ingest"). They never change, because selectors are immutable. */}}
{{- define "opensync.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "opensync.labels" -}}
{{ include "opensync.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: opensync
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of pods: without the version, which would restart pods that it does not change. */}}
{{- define "opensync.podLabels" -}}
{{ include "opensync.selector" . }}
app.kubernetes.io/part-of: opensync
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* `metadata` of a component's object: (dict "root" $ "component" "ingest" ["name" "suffix"]). */}}
{{- define "opensync.metadata" -}}
name: {{ include "opensync.fullname" .root }}-{{ .name | default .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "opensync.labels" . | nindent 2 }}
{{- end }}

{{/* An image by repository and tag, or by digest: (dict "root" $ "image" .Values.image ["tag" "0.1.0"]). */}}
{{- define "opensync.image" -}}
{{- $registry := .root.Values.global.imageRegistry -}}
{{- $repository := .image.repository -}}
{{- if $registry -}}{{- $repository = printf "%s/%s" (trimSuffix "/" $registry) $repository -}}{{- end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.image.tag | default .tag) -}}
{{- end -}}
{{- end }}

{{- define "opensync.ownImage" -}}
{{- include "opensync.image" (dict "root" . "image" .Values.image "tag" .Chart.AppVersion) -}}
{{- end }}

{{/* A quantity of memory or storage in MiB: "512Mi", "1Gi", "1.5Gi", "20Gi", "1Ti". */}}
{{- define "opensync.mebibytes" -}}
{{- $text := toString . -}}
{{- if hasSuffix "Ti" $text -}}{{- mulf (trimSuffix "Ti" $text | float64) 1048576 | int64 -}}
{{- else if hasSuffix "Gi" $text -}}{{- mulf (trimSuffix "Gi" $text | float64) 1024 | int64 -}}
{{- else if hasSuffix "Mi" $text -}}{{- trimSuffix "Mi" $text | int64 -}}
{{- else -}}{{- fail (printf "%s is not a quantity in Mi, Gi or Ti" $text) -}}
{{- end -}}
{{- end }}

{{/* A share of a memory limit in MiB: (dict "limit" "512Mi" "percent" 65). */}}
{{- define "opensync.shareOf" -}}
{{- div (mul (include "opensync.mebibytes" .limit | int64) (.percent | int64)) 100 -}}
{{- end }}

{{/* The stores that run in the installation. */}}
{{- define "opensync.ownStores" -}}
{{- $own := list -}}
{{- range $store := list "mongodb" "elasticsearch" "qdrant" -}}
{{- if (index $.Values $store).enabled -}}{{- $own = append $own $store -}}{{- end -}}
{{- end -}}
{{- join "," $own -}}
{{- end }}
