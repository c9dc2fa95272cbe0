{{/* What the pods of the Deployment, of the CronJob and of the Jobs share. */}}
{{- define "component.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .values.runAsUser | int64 }}
  runAsGroup: {{ .values.runAsUser | int64 }}
  fsGroup: {{ .values.runAsUser | int64 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .values.pullSecret }}
imagePullSecrets:
  - name: {{ . | quote }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- range $label, $value := . }}
  {{ $label | quote }}: {{ $value | quote }}
  {{- end }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- range $toleration := . }}
  - operator: {{ .operator | quote }}
    {{- range $field := list "key" "value" "effect" }}
    {{- with get $toleration $field }}
    {{ $field }}: {{ . | quote }}
    {{- end }}
    {{- end }}
    {{- if hasKey . "tolerationSeconds" }}
    tolerationSeconds: {{ .tolerationSeconds | int64 }}
    {{- end }}
  {{- end }}
{{- end }}
{{- with .values.hostAliases }}
hostAliases:
  {{- range . }}
  - ip: {{ .ip | quote }}
    hostnames: {{- include "component.texts" .hostnames | trim | nindent 6 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What their containers share. */}}
{{- define "component.container" -}}
image: {{ .values.image | quote }}
imagePullPolicy: IfNotPresent
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- with .values.resources }}
resources:
  {{- range $kind, $quantities := . }}
  {{ $kind }}:
    {{- range $resource, $quantity := $quantities }}
    {{ $resource }}: {{ $quantity | quote }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The container of the component's own process. */}}
{{- define "component.process" -}}
name: {{ .name | quote }}
{{ include "component.container" . }}
{{- with .values.command }}
command: {{- include "component.texts" . | trim | nindent 2 }}
{{- end }}
{{- with .values.args }}
args: {{- include "component.texts" . | trim | nindent 2 }}
{{- end }}
{{- with include "component.env" (dict "env" .values.env "secretEnv" (include "component.secretEnv" . | fromYaml)) }}
env: {{- . | trim | nindent 2 }}
{{- end }}
{{- with include "component.volumeMounts" . }}
volumeMounts: {{- . | trim | nindent 2 }}
{{- end }}
{{- end }}

{{/* A list of texts. Every text enters a template in double quotes and every number as a whole one, for YAML takes some texts for none. */}}
{{- define "component.texts" -}}
{{- range . }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{/* Environment variables that come from Secrets, as {KEY: name of the Secret}. */}}
{{- define "component.secretEnv" -}}
{{- range .values.secretEnv }}
{{ . | quote }}: {{ $.values.secretName | quote }}
{{- end }}
{{- end }}

{{/* env: {NAME: value}, secretEnv: {KEY: name of the Secret}. A reference by key lets the kubelet name what is missing. */}}
{{- define "component.env" -}}
{{- range $key, $secret := .secretEnv }}
- name: {{ $key | quote }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret | quote }}
      key: {{ $key | quote }}
{{- end }}
{{- range $name, $value := .env }}
- name: {{ $name | quote }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* With `data`: also what only the Deployment's pods get, the volume. */}}
{{- define "component.volumes" -}}
{{- range $index, $path := .values.writablePaths }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- with .values.secretFiles }}
- name: secret-files
  secret:
    secretName: {{ .secretName | quote }}
    defaultMode: 0440
    items:
      {{- range .files }}
      - key: {{ . | quote }}
        path: {{ . | quote }}
      {{- end }}
{{- end }}
{{- if .values.configFiles }}
- name: config-files
  configMap:
    name: {{ include "component.configmapName" . }}
{{- end }}
{{- if and .data .values.persistence }}
- name: data
  persistentVolumeClaim:
    claimName: {{ printf "%s-data" .name | quote }}
{{- end }}
{{- end }}

{{- define "component.volumeMounts" -}}
{{- range $index, $path := .values.writablePaths }}
- name: writable-{{ $index }}
  mountPath: {{ $path | quote }}
{{- end }}
{{- with .values.secretFiles }}
{{- $folder := .path | trimSuffix "/" }}
{{- /* Each by itself: a volume over the folder would hide what the image has there. */}}
{{- range .files }}
- name: secret-files
  mountPath: {{ printf "%s/%s" $folder . | quote }}
  subPath: {{ . | quote }}
  readOnly: true
{{- end }}
{{- end }}
{{- range $index, $path := keys (.values.configFiles | default dict) | sortAlpha }}
- name: config-files
  mountPath: {{ $path | quote }}
  subPath: file-{{ $index }}
  readOnly: true
{{- end }}
{{- if and .data .values.persistence }}
- name: data
  mountPath: {{ .values.persistence.path | quote }}
{{- end }}
{{- end }}
