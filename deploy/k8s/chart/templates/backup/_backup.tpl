{{/* A pod that runs a command of backups: (dict "root" $ "args" (list …) ["sidecar" true]). It has the access of the command line. */}}
{{- define "opensync.backupPod" -}}
{{- $ := .root -}}
{{- $backup := $.Values.backup -}}
{{- $cli := dict "root" $ "component" "backup" "user" "cli" "stores" true "embedding" true "values" (merge (dict "existingSecret" $.Values.cli.existingSecret "settings" $.Values.cli.settings) $backup) -}}
metadata:
  labels:
    {{- include "opensync.podLabels" $cli | nindent 4 }}
spec:
  {{- include "opensync.pod" $cli | nindent 2 }}
  restartPolicy: Never
  initContainers:
    {{- include "opensync.waitForLog" $cli | nindent 4 }}
    {{- if .sidecar }}
    # The log that the backup is restored into: it is empty at first, and goes away with the pod.
    - name: scratch-log
      image: {{ include "opensync.image" (dict "root" $ "image" $.Values.nats.image) }}
      imagePullPolicy: {{ $.Values.image.pullPolicy }}
      restartPolicy: Always
      args: [--jetstream, --store_dir, /scratch/nats, --addr, 127.0.0.1, --port, '4333', --http_port, '8333']
      startupProbe:
        exec: { command: [wget, -qO-, 'http://127.0.0.1:8333/healthz'] }
        periodSeconds: 1
        failureThreshold: 60
      resources:
        {{- toYaml $backup.rehearsal.resources | nindent 8 }}
      volumeMounts:
        - { name: scratch, mountPath: /scratch }
      {{- include "opensync.containerSecurity" $ | nindent 6 }}
    {{- end }}
  containers:
    - name: backup
      image: {{ include "opensync.ownImage" $ }}
      imagePullPolicy: {{ $.Values.image.pullPolicy }}
      args:
        {{- range .args }}
        - {{ . | quote }}
        {{- end }}
      env:
        {{- include "opensync.environment" (merge (dict "defaults" (dict "LOG_LEVEL" "warn")) $cli) | trim | nindent 8 }}
      resources:
        {{- toYaml $backup.resources | nindent 8 }}
      volumeMounts:
        - { name: secrets, mountPath: /run/opensync, readOnly: true }
        - { name: backups, mountPath: /backups, readOnly: {{ .readOnly | default false }} }
        - { name: scratch, mountPath: /scratch }
        - { name: tmp, mountPath: /tmp }
      {{- include "opensync.containerSecurity" $ | nindent 6 }}
  volumes:
    {{- include "opensync.secretsVolume" $cli | nindent 4 }}
    - name: backups
      {{- toYaml $backup.volume | nindent 6 }}
    - name: scratch
      emptyDir: { sizeLimit: {{ $backup.rehearsal.scratchSize }} }
    - name: tmp
      emptyDir: { sizeLimit: 1Gi }
{{- end }}
