{{/*
The setup runs when the release's pods are ready, at each install and upgrade. Of the component's Secrets it gets none: it is there for
credentials that the pods have not, and the pods' are not its own.
*/}}
{{- define "component.setup" -}}
{{- $setup := .values.setup }}
{{- $env := merge (deepCopy ($setup.env | default dict)) (.values.env | default dict) }}
{{- $secretEnv := dict }}
{{- range $setup.secretEnv }}
{{- $_ := set $secretEnv . ($setup.secretName | default (printf "%s-setup" $.name)) }}
{{- $_ := unset $env . }}
{{- end }}
{{- $values := omit .values "secretFiles" }}
{{- include "component.job" (dict "kind" "setup" "hook" "post-install,post-upgrade" "env" $env "secretEnv" $secretEnv "name" .name "values" $values "root" .root) }}
{{- end }}
