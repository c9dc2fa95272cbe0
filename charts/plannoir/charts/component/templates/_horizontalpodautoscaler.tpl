{{- define "component.horizontalpodautoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .name | quote }}
  labels: {{- include "component.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .name | quote }}
  minReplicas: {{ .values.autoscale.min | int64 }}
  maxReplicas: {{ .values.autoscale.max | int64 }}
  metrics:
    # Of the component's own container: one that somebody injects asks for no processor, and a pod's sum would then be unknown.
    - type: ContainerResource
      containerResource:
        name: cpu
        container: {{ .name | quote }}
        target:
          type: Utilization
          averageUtilization: {{ .values.autoscale.cpu | int64 }}
  behavior:
    scaleDown:
      # Kubernetes would keep the pods of the last five minutes' most demand.
      stabilizationWindowSeconds: 30
      policies:
        - type: Percent
          value: 100
          periodSeconds: 15
{{- end }}
