{{/*
All objects of one component. Context of this and every other template here:
  name    the component's name, which names its objects
  values  its values, as values.schema.json describes them
  root    the context of the chart that renders it
*/}}
{{- define "component.objects" -}}
{{- if .values.network }}
---
{{ include "component.networkpolicy" . }}
{{- end }}
{{- if .values.migration }}
---
{{ include "component.migration" . }}
{{- end }}
{{- if .values.setup }}
---
{{ include "component.setup" . }}
{{- end }}
{{- if .values.configFiles }}
---
{{ include "component.configmap" . }}
{{- end }}
{{- if .values.persistence }}
---
{{ include "component.persistentvolumeclaim" . }}
{{- end }}
---
{{ include "component.service" . }}
---
{{ include "component.deployment" . }}
{{- if gt (include "component.replicas" . | int) 1 }}
---
{{ include "component.poddisruptionbudget" . }}
{{- end }}
{{ end }}

{{/* Number of pods; 0 is a number too, which `default` would not see. */}}
{{- define "component.replicas" -}}
{{- hasKey .values "replicas" | ternary .values.replicas 1 }}
{{- end }}
