{{/* What the pods of the Deployment and of the Jobs share. */}}
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
{{- with .values.hostAliases }}
hostAliases: {{- toYaml . | nindent 2 }}
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
resources: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Environment variables that come from Secrets, as {KEY: name of the Secret}. */}}
{{- define "component.secretEnv" -}}
{{- range .values.secretEnv }}
{{ . }}: {{ $.values.secretName }}
{{- end }}
{{- end }}

{{/* env: {NAME: value}, secretEnv: {KEY: name of the Secret}. A reference by key lets the kubelet name what is missing. */}}
{{- define "component.env" -}}
{{- range $key, $secret := .secretEnv }}
- name: {{ $key }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $key }}
{{- end }}
{{- range $name, $value := .env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* With `all`: also what only the Deployment's pods get, the configuration and the data. */}}
{{- define "component.volumes" -}}
{{- range $index, $path := .values.writablePaths }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- with .values.secretFiles }}
- name: secret-files
  secret:
    secretName: {{ .secretName }}
    defaultMode: 0440
    items:
      {{- range .files }}
      - key: {{ . | quote }}
        path: {{ . | quote }}
      {{- end }}
{{- end }}
{{- if and .all .values.configFiles }}
- name: config-files
  configMap:
    name: {{ .name }}-config
{{- end }}
{{- if and .all .values.persistence }}
- name: data
  persistentVolumeClaim:
    claimName: {{ .name }}-data
{{- end }}
{{- end }}

{{- define "component.volumeMounts" -}}
{{- range $index, $path := .values.writablePaths }}
- name: writable-{{ $index }}
  mountPath: {{ $path | quote }}
{{- end }}
{{- with .values.secretFiles }}
- name: secret-files
  mountPath: {{ .path | quote }}
  readOnly: true
{{- end }}
{{- if .all }}
{{- range $index, $path := keys (.values.configFiles | default dict) | sortAlpha }}
- name: config-files
  mountPath: {{ $path | quote }}
  subPath: file-{{ $index }}
  readOnly: true
{{- end }}
{{- with .values.persistence }}
- name: data
  mountPath: {{ .path | quote }}
{{- end }}
{{- end }}
{{- end }}
