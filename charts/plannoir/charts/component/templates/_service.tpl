{{- define "component.service" -}}
{{- $service := .values.service -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels: {{- include "component.labels" . | nindent 4 }}
spec:
  type: {{ $service.type }}
  selector: {{- include "component.selectorLabels" . | nindent 4 }}
  ports:
    - port: {{ $service.port | default .values.port }}
      targetPort: {{ .values.port }}
      {{- if and $service.nodePort (ne $service.type "ClusterIP") }}
      nodePort: {{ $service.nodePort }}
      {{- end }}
{{- end }}
