{{- if .Values.global.networkPolicies }}
---
# What no other policy allows is denied to the release's own pods.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .Release.Name }}-default-deny
  labels:
    app.kubernetes.io/instance: {{ .Release.Name }}
    {{- include "component.ownLabel" (dict "root" $) | nindent 4 }}
    app.kubernetes.io/managed-by: {{ .Release.Service }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/instance: {{ .Release.Name }}
  policyTypes: [Ingress, Egress]
{{- end }}
