{{/*
A Deployment of one of the services: (dict "root" $ "component" "ingest" "user" "ingest" "values" .Values.ingest), and optionally
"name" if it differs from the component, "scaled" if something else sets the replicas, "http" for one that answers clients,
"stores", "embedding", "login" and "mail" for their secrets, "defaults" for its environment.
*/}}
{{- define "opensync.deployment" -}}
{{- $ := .root -}}
{{- $drain := ternary (add $.Values.drain.preStopSeconds $.Values.drain.seconds) 0 (.http | default false) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "opensync.metadata" . | nindent 2 }}
spec:
  {{- if and $.Values.backup.restore.enabled (ne .component "keeper") }}
  # Nothing may write to the log before the backup is in it. The keeper creates its streams.
  replicas: 0
  {{- else if not .scaled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    {{- if .single }}
    # Two at a time would do no harm, but one is enough.
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
    {{- end }}
  selector:
    matchLabels:
      {{- include "opensync.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "opensync.podLabels" . | nindent 8 }}
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "opensync.pod" . | nindent 6 }}
      {{- if not .single }}
      {{- include "opensync.spread" (merge (dict "when" "ScheduleAnyway" "versioned" true) .) | nindent 6 }}
      {{- end }}
      # After the drain, a service takes up to 9 s to finish what is in progress.
      terminationGracePeriodSeconds: {{ add $drain 15 }}
      initContainers:
        {{- include "opensync.waitForLog" . | nindent 8 }}
      containers:
        - name: {{ .component }}
          image: {{ include "opensync.ownImage" $ }}
          imagePullPolicy: {{ $.Values.image.pullPolicy }}
          args: [{{ .command | default .user }}]
          env:
            {{- $defaults := .defaults | default dict }}
            {{- if .http }}
            {{- $defaults = merge $defaults (dict "OPENSYNC_DRAIN_SECONDS" $.Values.drain.seconds "OPENSYNC_TRUSTED_PROXIES" "private") }}
            {{- end }}
            {{- include "opensync.environment" (merge (dict "defaults" $defaults) .) | trim | nindent 12 }}
          ports:
            - { name: http, containerPort: 3211 }
            - { name: metrics, containerPort: 9464 }
          {{- include "opensync.probes" . | nindent 10 }}
          {{- if .http }}
          lifecycle:
            # Longer than the network takes to send new connections elsewhere.
            preStop: { sleep: { seconds: {{ $.Values.drain.preStopSeconds }} } }
          {{- end }}
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            - { name: secrets, mountPath: /run/opensync, readOnly: true }
            - { name: tmp, mountPath: /tmp }
            {{- with .values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- include "opensync.containerSecurity" . | nindent 10 }}
      volumes:
        {{- include "opensync.secretsVolume" . | nindent 8 }}
        - name: tmp
          emptyDir: { sizeLimit: 64Mi }
        {{- with .values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

{{/*
The one address of a service that the edge knows: behind it, the network sends each connection to a ready pod, and notices within
a second or two which are. Names of single pods would not do: name servers keep their answers for half a minute, longer than a pod
that is replaced can wait.
*/}}
{{- define "opensync.gatewayService" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "opensync.metadata" . | nindent 2 }}
spec:
  selector:
    {{- include "opensync.selector" . | nindent 4 }}
  ports:
    - { name: http, port: 3211, targetPort: http, appProtocol: http }
    - { name: metrics, port: 9464, targetPort: metrics, appProtocol: http }
{{- end }}
