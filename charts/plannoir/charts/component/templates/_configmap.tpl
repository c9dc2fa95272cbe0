{{/*
A path is no legal key: the files are numbered in the order of their paths, as the volume mounts are. A migration runs before the release's
own objects exist, so it has a ConfigMap of its own, a hook that comes before it; it is the one with kind and hook, as in component.job.
*/}}
{{- define "component.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "component.configmapName" . }}
  {{- if .hook }}
  labels:
    {{- include "component.jobLabels" . | nindent 4 }}
    {{- include "component.ownLabel" . | nindent 4 }}
  {{- include "component.beforeHook" . | nindent 2 }}
  {{- else }}
  labels: {{- include "component.labels" . | nindent 4 }}
  {{- end }}
data:
  {{- range $index, $path := keys .values.configFiles | sortAlpha }}
  file-{{ $index }}: {{ get $.values.configFiles $path | quote }}
  {{- end }}
{{- end }}

{{- define "component.configmapName" -}}
{{ printf "%s%s-config" .name (ternary "-migration" "" (eq (.kind | default "") "migration")) | quote }}
{{- end }}
