{{/*
The Jobs of the component. A migration runs before anything of the release is touched: when it fails, the running pods stay as they are.
A setup runs when the release's pods are ready. A test runs when somebody says `helm test`.
*/}}
{{- define "component.jobs" -}}
{{- range $kind, $hook := dict "migration" "pre-install,pre-upgrade" "setup" "post-install,post-upgrade" "test" "test" }}
{{- if get $.values $kind }}
---
{{ include "component.job" (merge (dict "kind" $kind "hook" $hook) $) }}
{{- end }}
{{- end }}
{{- end }}

{{/*
A hook Job. A failed one is kept until the next attempt, because its log says why. Beyond name, values and root:
  kind   the option of the component that describes it, and the end of its name
  hook   when Helm runs it
*/}}
{{- define "component.job" -}}
{{- $job := get .values .kind -}}
{{- $pod := . }}
{{- $secretEnv := include "component.secretEnv" . | fromYaml }}
{{- if eq .kind "setup" }}
{{- /* It is there for credentials that the pods have not, and the pods' are not its own. */}}
{{- $pod = merge (dict "values" (omit .values "secretFiles")) (omit . "values") }}
{{- $secretEnv = dict }}
{{- end }}
{{- $env := deepCopy (.values.env | default dict) }}
{{- range $name, $value := $job.env }}
{{- $_ := set $env $name $value }}
{{- $_ := unset $secretEnv $name }}
{{- end }}
{{- range $job.secretEnv }}
{{- $_ := set $secretEnv . $job.secretName }}
{{- $_ := unset $env . }}
{{- end }}
{{- include "component.jobNetworkpolicy" . }}
{{- if and .values.configFiles (eq .kind "migration") }}
---
{{ include "component.configmap" . }}
{{- end }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ printf "%s-%s" .name .kind | quote }}
  labels:
    {{- include "component.jobLabels" . | nindent 4 }}
    {{- include "component.ownLabel" . | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .hook | quote }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
    # Tells the failed Job of this attempt from one that an earlier attempt left.
    release/revision: {{ .root.Release.Revision | quote }}
spec:
  backoffLimit: 2
  activeDeadlineSeconds: {{ $job.timeout | int64 }}
  template:
    metadata:
      labels:
        {{- include "component.jobLabels" . | nindent 8 }}
        {{- include "component.ownLabel" . | nindent 8 }}
    spec:
      {{- include "component.pod" . | nindent 6 }}
      restartPolicy: Never
      containers:
        - name: {{ .kind | quote }}
          {{- include "component.container" . | nindent 10 }}
          command: {{- include "component.texts" $job.command | trim | nindent 12 }}
          {{- with $job.args }}
          args: {{- include "component.texts" . | trim | nindent 12 }}
          {{- end }}
          {{- with include "component.env" (dict "env" $env "secretEnv" $secretEnv) }}
          env: {{- . | trim | nindent 12 }}
          {{- end }}
          {{- with include "component.volumeMounts" $pod }}
          volumeMounts: {{- . | trim | nindent 12 }}
          {{- end }}
      {{- with include "component.volumes" $pod }}
      volumes: {{- . | trim | nindent 8 }}
      {{- end }}
{{- end }}

{{/* What a Job needs before it runs. */}}
{{- define "component.beforeHook" -}}
annotations:
  helm.sh/hook: {{ .hook | quote }}
  helm.sh/hook-weight: "-1"
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* Not the component's own name: its Service must not send requests to a Job. */}}
{{- define "component.jobLabels" -}}
app.kubernetes.io/name: {{ printf "%s-%s" .name .kind | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- end }}
