{{/* A path is no legal key: the files are numbered in the order of their paths, as the volume mounts are. */}}
{{- define "component.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ printf "%s-config" .name | quote }}
  labels: {{- include "component.labels" . | nindent 4 }}
data:
  {{- range $index, $path := keys .values.configFiles | sortAlpha }}
  file-{{ $index }}: {{ get $.values.configFiles $path | quote }}
  {{- end }}
{{- end }}
