{{- range $name, $values := .Values.components }}
{{- if ne false $values.enabled }}
{{- include "component.objects" (dict "name" $name "values" $values "root" $) }}
{{- end }}
{{- end }}
