{{- define "component.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name | quote }}
  labels: {{- include "component.labels" . | nindent 4 }}
spec:
  {{- if not .values.autoscale }}
  replicas: {{ .values.replicas | int64 }}
  {{- end }}
  revisionHistoryLimit: 3
  {{- if not (or .values.port .values.probes) }}
  # Nothing tells that such a process works, but that it goes on.
  minReadySeconds: 10
  {{- end }}
  strategy:
    {{- if or .values.persistence (eq .values.strategy "Recreate") }}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
    {{- end }}
  selector:
    matchLabels: {{- include "component.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "component.selectorLabels" . | nindent 8 }}
        {{- include "component.ownLabel" . | nindent 8 }}
      {{- with .values.configFiles }}
      annotations:
        checksum/config: {{ toJson . | sha256sum | trunc 16 | quote }}
      {{- end }}
    spec:
      {{- include "component.pod" . | nindent 6 }}
      terminationGracePeriodSeconds: {{ .values.stopGraceSeconds | int64 }}
      {{- $spread := include "component.several" . | empty | ternary list (list (include "component.byNode" . | fromYaml)) }}
      {{- with .values.topologySpread | default $spread }}
      topologySpreadConstraints:
        {{- range . }}
        - topologyKey: {{ .topologyKey | quote }}
          maxSkew: {{ .maxSkew | int64 }}
          whenUnsatisfiable: {{ .whenUnsatisfiable | quote }}
          labelSelector:
            matchLabels: {{- include "component.selectorLabels" $ | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      {{- end }}
      containers:
        - {{- include "component.process" (merge (dict "data" true) .) | nindent 10 }}
          {{- with .values.port }}
          ports:
            - containerPort: {{ . | int64 }}
          {{- end }}
          {{- range $kind, $probe := .values.probes }}
          {{ $kind }}Probe: {{- include "component.probe" (dict "probe" $probe "port" $.values.port) | trim | nindent 12 }}
          {{- end }}
          {{- if and .values.port (not .values.persistence) (ge (int .values.stopGraceSeconds) 10) }}
          # Keeps serving while the endpoint's removal reaches every node, so that a rollout loses no request.
          lifecycle:
            preStop:
              sleep:
                seconds: 5
          {{- end }}
      {{- with include "component.volumes" (merge (dict "data" true) .) }}
      volumes: {{- . | trim | nindent 8 }}
      {{- end }}
{{- end }}

{{/* How several pods are spread by default; a zone is left out, because a node without that label would then count for nothing. */}}
{{- define "component.byNode" -}}
topologyKey: kubernetes.io/hostname
maxSkew: 1
whenUnsatisfiable: ScheduleAnyway
{{- end }}

{{/* probe: {path, headers | command | tcp, initialDelay, period, timeout, failureThreshold}; port */}}
{{- define "component.probe" -}}
{{- if .probe.path }}
httpGet:
  path: {{ .probe.path | quote }}
  port: {{ .port | int64 }}
  {{- with .probe.headers }}
  httpHeaders:
    {{- range $name, $value := . }}
    - name: {{ $name | quote }}
      value: {{ $value | quote }}
    {{- end }}
  {{- end }}
{{- else if .probe.command }}
exec:
  command: {{- include "component.texts" .probe.command | trim | nindent 4 }}
{{- else }}
tcpSocket:
  port: {{ .port | int64 }}
{{- end }}
initialDelaySeconds: {{ .probe.initialDelay | int64 }}
periodSeconds: {{ .probe.period | int64 }}
timeoutSeconds: {{ .probe.timeout | int64 }}
failureThreshold: {{ .probe.failureThreshold | int64 }}
{{- end }}
