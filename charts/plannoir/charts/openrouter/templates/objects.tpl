{{- include "component.objects" (dict "name" .Chart.Name "values" .Values "root" .) }}
