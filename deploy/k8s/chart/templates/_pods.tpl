{{/* What every pod has: (dict "root" $ "component" "ingest" "values" .Values.ingest ["uid" 1000]). */}}
{{- define "opensync.pod" -}}
serviceAccountName: {{ include "opensync.fullname" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $priority := .values.priorityClassName | default .root.Values.priorityClassName }}
{{- with $priority }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .uid | default 1000 }}
  runAsGroup: {{ .uid | default 1000 }}
  fsGroup: {{ .uid | default 1000 }}
  # Files of a large volume are not visited one by one at each start.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .values.nodeSelector | default .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations | default .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Replicas on different nodes and zones: (dict "root" $ "component" "ingest" "when" "ScheduleAnyway"). */}}
{{- define "opensync.spread" -}}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $.when }}
    labelSelector:
      matchLabels:
        {{- include "opensync.selector" $ | nindent 8 }}
    {{- if $.versioned }}
    # The pods of one version: those of the last one are about to go away.
    matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- end }}
{{- end }}

{{- define "opensync.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* One file for each setting that is a secret: those that the installation generated, then those that you gave, which win. */}}
{{/* Mode 0440, in decimal: parsers of YAML differ about octal. */}}
{{- define "opensync.secretsVolume" -}}
- name: secrets
  projected:
    defaultMode: 288
    sources:
      - secret:
          name: {{ .values.existingSecret | default (printf "%s-%s" (include "opensync.fullname" .root) .user) }}
      {{- if .stores }}
      - secret:
          name: {{ .root.Values.stores.existingSecret | default (printf "%s-stores" (include "opensync.fullname" .root)) }}
          optional: true
      {{- end }}
      {{- if .embedding }}
      - secret:
          name: {{ .root.Values.embedding.existingSecret | default (printf "%s-embedding" (include "opensync.fullname" .root)) }}
          optional: true
      {{- end }}
      {{- if .login }}
      - secret:
          name: {{ .root.Values.login.existingSecret | default (printf "%s-login" (include "opensync.fullname" .root)) }}
          optional: true
      {{- end }}
      {{- if .mail }}
      - secret:
          name: {{ .root.Values.mail.existingSecret | default (printf "%s-mail" (include "opensync.fullname" .root)) }}
          optional: true
      {{- end }}
{{- end }}

{{/* The environment of a process of OpenSync, sorted, each name once: server-side apply refuses a second one. */}}
{{- define "opensync.environment" -}}
{{- $ := .root -}}
{{- $heap := include "opensync.shareOf" (dict "limit" .values.resources.limits.memory "percent" .values.heapPercent) -}}
{{- $fixed := dict
  "NODE_OPTIONS" (printf "--max-old-space-size=%s" $heap)
  "OPENSYNC_SECRETS_DIR" "/run/opensync"
  "OPENSYNC_METRICS_PORT" "9464"
  "OPENSYNC_LOG_KEEPER" (ternary "self" "other" (eq .user "keeper"))
  "OPENSYNC_REPLICAS" (toString $.Values.nats.replicas)
  "NATS_INBOX_PREFIX" (printf "_INBOX_%s" .user)
-}}
{{- if and .embedding $.Values.embeddings.enabled -}}
{{- $_ := set $fixed "OPENSYNC_LOCAL_MODEL_URL" (printf "http://%s-embeddings:8080/v1" (include "opensync.fullname" $)) -}}
{{- end -}}
{{- $environment := mergeOverwrite $fixed (.defaults | default dict) (deepCopy $.Values.settings) (deepCopy (.values.settings | default dict)) -}}
{{- range $name := keys $environment | sortAlpha }}
- name: {{ $name }}
  value: {{ get $environment $name | toString | quote }}
{{- end }}
{{- end }}

{{/* The probes of a service: it may take minutes for its first answer, because it waits for the log. */}}
{{- define "opensync.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: http }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 150
readinessProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
livenessProbe:
  httpGet: { path: /livez, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* Pods that wait for the log, instead of being restarted until it is there. */}}
{{- define "opensync.waitForLog" -}}
- name: wait-for-log
  image: {{ include "opensync.ownImage" .root }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: [wait-for-log]
  env:
    - name: OPENSYNC_SECRETS_DIR
      value: /run/opensync
  volumeMounts:
    - { name: secrets, mountPath: /run/opensync, readOnly: true }
  resources:
    requests: { cpu: 10m, memory: 64Mi }
    limits: { memory: 64Mi }
  {{- include "opensync.containerSecurity" . | nindent 2 }}
{{- end }}
