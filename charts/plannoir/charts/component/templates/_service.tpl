{{- define "component.service" -}}
{{- $service := .values.service -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name | quote }}
  labels: {{- include "component.labels" . | nindent 4 }}
spec:
  type: {{ $service.type | quote }}
  selector: {{- include "component.selectorLabels" . | nindent 4 }}
  ports:
    - port: {{ $service.port | default .values.port | int64 }}
      targetPort: {{ .values.port | int64 }}
      {{- if and $service.nodePort (ne $service.type "ClusterIP") }}
      nodePort: {{ $service.nodePort | int64 }}
      {{- end }}
{{- end }}
