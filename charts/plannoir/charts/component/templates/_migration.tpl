{{/* The migration runs before anything of the release is touched: when it fails, the running pods stay as they are. */}}
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
{{- end }}
{{- include "component.job" (merge (dict "kind" "migration" "hook" "pre-install,pre-upgrade" "env" $env "secretEnv" $secretEnv) .) }}
{{- end }}
