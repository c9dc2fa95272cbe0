{{/*
A hook Job of the component. A failed one is kept until the next attempt, because its log says why. Beyond name, values and root:
  kind             the option of the component that describes it, and the end of its name
  hook             when Helm runs it
  env, secretEnv   its environment, as component.env takes it
*/}}
{{- define "component.job" -}}
{{- $job := get .values .kind -}}
{{- if .values.network }}
{{- include "component.jobNetworkpolicy" . }}
---
{{ end -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}-{{ .kind }}
  labels:
    {{- include "component.jobLabels" . | nindent 4 }}
    {{- include "component.ownLabel" . | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .hook }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
    # Tells the failed Job of this attempt from one that an earlier attempt left.
    release/revision: {{ .root.Release.Revision | quote }}
spec:
  backoffLimit: 2
  activeDeadlineSeconds: {{ $job.timeout | default 300 }}
  template:
    metadata:
      labels:
        {{- include "component.jobLabels" . | nindent 8 }}
        {{- include "component.ownLabel" . | nindent 8 }}
    spec:
      {{- include "component.pod" . | nindent 6 }}
      restartPolicy: Never
      containers:
        - name: {{ .kind }}
          {{- include "component.container" . | nindent 10 }}
          command: {{- toYaml $job.command | nindent 12 }}
          {{- with $job.args }}
          args: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with include "component.env" . }}
          env: {{- . | trim | nindent 12 }}
          {{- end }}
          {{- with include "component.volumeMounts" . }}
          volumeMounts: {{- . | trim | nindent 12 }}
          {{- end }}
      {{- with include "component.volumes" . }}
      volumes: {{- . | trim | nindent 8 }}
      {{- end }}
{{- end }}

{{/* Not the component's own name: its Service must not send requests to a Job. */}}
{{- define "component.jobLabels" -}}
app.kubernetes.io/name: {{ .name }}-{{ .kind }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}
