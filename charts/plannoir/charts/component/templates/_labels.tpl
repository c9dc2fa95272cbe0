{{/* What selects the component's pods; a Deployment's selector cannot change, so this never may. */}}
{{- define "component.selectorLabels" -}}
app.kubernetes.io/name: {{ .name | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- end }}

{{/* Tells what is this collection's own from what others put into the namespace. */}}
{{- define "component.ownLabel" -}}
plannoir.deploy/app: {{ .root.Release.Name | trimSuffix "-extras" | quote }}
{{- end }}

{{- define "component.labels" -}}
{{ include "component.selectorLabels" . }}
{{ include "component.ownLabel" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- end }}
