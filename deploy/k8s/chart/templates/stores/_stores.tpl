{{- define "opensync.claim" -}}
volumeClaimTemplates:
  - metadata:
      name: data
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .className }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests:
          storage: {{ .size }}
{{- end }}

{{- define "opensync.storeService" -}}
# Headless: it has no address until the store is ready.
apiVersion: v1
kind: Service
metadata:
  {{- include "opensync.metadata" . | nindent 2 }}
spec:
  clusterIP: None
  selector:
    {{- include "opensync.selector" . | nindent 4 }}
  ports:
    - { name: {{ .component }}, port: {{ .port }}, targetPort: {{ .component }} }
{{- end }}
