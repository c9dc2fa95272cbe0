{{/*
All objects of one component. Context of this and every other template here:
  name    the component's name, which names its objects
  values  its values, as values.schema.json describes them
  root    the context of the chart that renders it
*/}}
{{- define "component.objects" -}}
---
{{ include "component.networkpolicy" . }}
{{- include "component.jobs" . }}
{{- if .values.configFiles }}
---
{{ include "component.configmap" . }}
{{- end }}
{{- if .values.persistence }}
---
{{ include "component.persistentvolumeclaim" . }}
{{- end }}
{{- if .values.port }}
---
{{ include "component.service" . }}
{{- end }}
---
{{ include (empty .values.schedule | ternary "component.deployment" "component.cronjob") . }}
{{- if .values.autoscale }}
---
{{ include "component.horizontalpodautoscaler" . }}
{{- end }}
{{- if include "component.several" . }}
---
{{ include "component.poddisruptionbudget" . }}
{{- end }}
{{ end }}

{{/* Says something where a component may have several pods at once, rollouts apart. */}}
{{- define "component.several" -}}
{{- if gt (int (default .values.replicas (.values.autoscale | default dict).max)) 1 }}several{{ end }}
{{- end }}
