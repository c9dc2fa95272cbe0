{{/*
The migration runs before anything of the release is touched: when it fails, the running pods stay as they are. A failed Job is kept
until the next attempt, because its log says why.
*/}}
{{- define "component.migration" -}}
{{- $migration := .values.migration }}
{{- $env := deepCopy (.values.env | default dict) }}
{{- $secretEnv := include "component.secretEnv" . | fromYaml }}
{{- range $name, $value := $migration.env }}
{{- $_ := set $env $name $value }}
{{- $_ := unset $secretEnv $name }}
{{- end }}
{{- range $migration.secretEnv }}
{{- $_ := set $secretEnv . ($migration.secretName | default (printf "%s-migration" $.name)) }}
{{- $_ := unset $env . }}
{{- end -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}-migration
  labels: {{- include "component.migrationLabels" . | nindent 4 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
    # Tells the failed Job of this attempt from one that an earlier attempt left.
    release/revision: {{ .root.Release.Revision | quote }}
spec:
  backoffLimit: 2
  activeDeadlineSeconds: {{ $migration.timeout | default 300 }}
  template:
    metadata:
      labels: {{- include "component.migrationLabels" . | nindent 8 }}
    spec:
      {{- include "component.pod" . | nindent 6 }}
      restartPolicy: Never
      containers:
        - name: migration
          {{- include "component.container" . | nindent 10 }}
          command: {{- toYaml $migration.command | nindent 12 }}
          {{- with $migration.args }}
          args: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with include "component.env" (dict "env" $env "secretEnv" $secretEnv) }}
          env: {{- . | trim | nindent 12 }}
          {{- end }}
          {{- with include "component.volumeMounts" . }}
          volumeMounts: {{- . | trim | nindent 12 }}
          {{- end }}
      {{- with include "component.volumes" . }}
      volumes: {{- . | trim | nindent 8 }}
      {{- end }}
{{- end }}

{{/* Not the component's own name: its Service must not send requests to the migration. */}}
{{- define "component.migrationLabels" -}}
app.kubernetes.io/name: {{ .name }}-migration
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}
