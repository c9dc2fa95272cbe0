{{/* A component that runs at certain times; its pods have the labels of a Deployment's, and so the same NetworkPolicy. */}}
{{- define "component.cronjob" -}}
{{- $schedule := .values.schedule -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ .name | quote }}
  labels: {{- include "component.labels" . | nindent 4 }}
spec:
  schedule: {{ $schedule.cron | quote }}
  timeZone: {{ $schedule.timeZone | quote }}
  concurrencyPolicy: {{ $schedule.concurrency | quote }}
  successfulJobsHistoryLimit: {{ $schedule.keep | int64 }}
  failedJobsHistoryLimit: {{ $schedule.keep | int64 }}
  jobTemplate:
    metadata:
      labels:
        {{- include "component.selectorLabels" . | nindent 8 }}
        {{- include "component.ownLabel" . | nindent 8 }}
    spec:
      backoffLimit: {{ $schedule.retries | int64 }}
      activeDeadlineSeconds: {{ $schedule.timeout | int64 }}
      template:
        metadata:
          labels:
            {{- include "component.selectorLabels" . | nindent 12 }}
            {{- include "component.ownLabel" . | nindent 12 }}
        spec:
          {{- include "component.pod" . | nindent 10 }}
          restartPolicy: Never
          terminationGracePeriodSeconds: {{ .values.stopGraceSeconds | int64 }}
          containers:
            - {{- include "component.process" . | nindent 14 }}
          {{- with include "component.volumes" . }}
          volumes: {{- . | trim | nindent 12 }}
          {{- end }}
{{- end }}
