{{/*
What a component's pods may do on the network; the default that denies stands in the umbrella chart. A migration runs before the
release's own objects exist, so its policy is a hook that comes before it.
*/}}
{{- define "component.networkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name }}
  labels: {{- include "component.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "component.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- $published := ne (dig "service" "type" "ClusterIP" (.values | toYaml | fromYaml)) "ClusterIP" }}
  {{- if or .values.network.from $published }}
  ingress:
    - ports:
        - port: {{ .values.port }}
      {{- if not $published }}
      from:
        - podSelector:
            matchExpressions:
              - key: app.kubernetes.io/name
                operator: In
                values: {{- toYaml .values.network.from | nindent 18 }}
      {{- end }}
  {{- end }}
  {{- include "component.egress" . | nindent 2 }}
{{- end }}

{{- define "component.migrationNetworkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name }}-migration
  labels: {{- include "component.migrationLabels" . | nindent 4 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "-1"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  podSelector:
    matchLabels: {{- include "component.migrationLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- include "component.egress" . | nindent 2 }}
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
            app.kubernetes.io/name: {{ .name }}
    ports:
      - port: {{ .port }}
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
