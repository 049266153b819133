# The event log. A user for each service, with a password of this installation, and no one else.
# First, because it defines the passwords that follow.
include users.conf

server_name: $POD_NAME
port: 4222
# For the probes, the exporter and the autoscaler: no password, so a network policy says who reaches it.
http_port: 8222
pid_file: /tmp/nats.pid

# Larger than the largest event, as in the embedded server.
max_payload: 8MB

# On SIGUSR2: clients are sent to other servers over this time, before the server ends.
lame_duck_grace_period: 5s
lame_duck_duration: 30s

jetstream {
  store_dir: /data
  # Before the volume is full, writes are refused; a full volume would damage files.
  max_file_store: {{ include "opensync.shareOf" (dict "limit" .Values.nats.storage.size "percent" 90) }}MB
  max_memory_store: 64MB
  # `always`: on disk before it is acknowledged. What a client was told is stored survives a power failure.
  sync_interval: {{ .Values.nats.syncInterval }}
}
{{- if gt (int .Values.nats.replicas) 1 }}

cluster {
  name: {{ include "opensync.fullname" . }}
  port: 6222
  authorization { user: routes, password: $NATS_PASSWORD_ROUTES }
  routes: [
    {{- range $ordinal := until (int .Values.nats.replicas) }}
    $NATS_ROUTE_{{ $ordinal }}
    {{- end }}
  ]
}
{{- end }}
