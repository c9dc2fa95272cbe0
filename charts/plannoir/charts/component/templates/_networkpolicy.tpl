{{/*
What a component's pods may do on the network; the default that denies stands in the umbrella chart. A Job is a hook, and a migration runs
before the release's own objects exist, so a Job's policy is a hook that comes before it.
*/}}
{{- define "component.networkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name | quote }}
  labels: {{- include "component.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "component.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- $published := ne .values.service.type "ClusterIP" }}
  {{- if and .values.port (or .values.network.from $published) }}
  ingress:
    - ports:
        - port: {{ .values.port | int64 }}
      {{- if not $published }}
      from:
        - podSelector:
            matchExpressions:
              - key: app.kubernetes.io/name
                operator: In
                values: {{- include "component.texts" .values.network.from | trim | nindent 18 }}
      {{- end }}
  {{- end }}
  {{- include "component.egress" . | nindent 2 }}
{{- end }}

{{/* Beyond name, values and root: kind and hook as in component.job. A setup and a test work on their own component. */}}
{{- define "component.jobNetworkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ printf "%s-%s" .name .kind | quote }}
  labels:
    {{- include "component.jobLabels" . | nindent 4 }}
    {{- include "component.ownLabel" . | nindent 4 }}
  {{- include "component.beforeHook" . | nindent 2 }}
spec:
  podSelector:
    matchLabels: {{- include "component.jobLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- include "component.egress" . | nindent 2 }}
  {{- if and .values.port (has .kind (list "setup" "test")) (hasKey .values.network "to") }}
    - to:
        - podSelector:
            matchLabels: {{- include "component.selectorLabels" . | nindent 14 }}
      ports:
        - port: {{ .values.port | int64 }}
  {{- end }}
{{- end }}

{{- define "component.egress" -}}
egress:
  {{- if hasKey .values.network "to" }}
  - to:
      - namespaceSelector:
          matchLabels:
            kubernetes.io/metadata.name: kube-system
        podSelector:
          matchLabels:
            k8s-app: kube-dns
    ports:
      - port: 53
        protocol: UDP
      - port: 53
        protocol: TCP
  {{- range .values.network.to }}
  - to:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: {{ .name | quote }}
    ports:
      - port: {{ .port | int64 }}
  {{- end }}
  {{- if .values.network.outside }}
  - to:
      - ipBlock:
          cidr: 0.0.0.0/0
      - ipBlock:
          cidr: ::/0
  {{- end }}
  {{- else }}
  - {}
  {{- end }}
{{- end }}
