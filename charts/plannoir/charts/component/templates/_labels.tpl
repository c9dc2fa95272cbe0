{{/* What selects the component's pods; a Deployment's selector cannot change, so this never may. */}}
{{- define "component.selectorLabels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* Tells what is this collection's own from what others put into the namespace. */}}
{{- define "component.ownLabel" -}}
plannoir.deploy/app: {{ .root.Release.Name | trimSuffix "-extras" }}
{{- end }}

{{- define "component.labels" -}}
{{ include "component.selectorLabels" . }}
{{ include "component.ownLabel" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}
