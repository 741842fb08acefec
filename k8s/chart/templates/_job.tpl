{{- define "slipway.podSpec" -}}
restartPolicy: Never
serviceAccountName: {{ .Values.serviceAccountName }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
  {{- with .Values.podSecurityContext }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- range $key := list "imagePullSecrets" "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with get $.Values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
volumes:
  {{- include "slipway.allVolumes" . | nindent 2 }}
{{- end }}

{{- define "slipway.jobSpec" -}}
{{- $verdict := ternary "FailIndex" "FailJob" .Values.tenants.enabled -}}
activeDeadlineSeconds: {{ .Values.job.activeDeadlineSeconds }}
{{- if .Values.tenants.enabled }}
completionMode: Indexed
completions: {{ .Values.tenants.completions }}
parallelism: {{ .Values.tenants.parallelism }}
backoffLimitPerIndex: {{ .Values.tenants.backoffLimitPerIndex }}
maxFailedIndexes: {{ .Values.tenants.maxFailedIndexes }}
{{- else }}
backoffLimit: {{ .Values.job.backoffLimit }}
{{- end }}
{{- if and (eq .Values.mode "job") (not .Values.argocd.enabled) }}
ttlSecondsAfterFinished: {{ .Values.job.ttlSecondsAfterFinished }}
{{- end }}
# Not before the pod that is being stopped is gone.
podReplacementPolicy: Failed
podFailurePolicy:
  rules:
    # A pod that was evicted or drained has not failed.
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
    # What would fail again: docs/errors.md.
    - action: {{ $verdict }}
      onExitCodes:
        containerName: migrate
        operator: In
        values: [64, 65, 66, 70, 73, 77, 78, 79, 80]
template:
  metadata:
    labels:
      {{- include "slipway.labels" . | nindent 6 }}
      app.kubernetes.io/component: migrations
      {{- with .Values.podLabels }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with .Values.podAnnotations }}
    annotations:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  spec:
    {{- include "slipway.podSpec" . | nindent 4 }}
    {{- with .Values.job.extraInitContainers }}
    initContainers:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    containers:
      - name: migrate
        args:
          {{- prepend .Values.args "up" | toYaml | nindent 10 }}
        env:
          {{- if .Values.tenants.enabled }}
          - name: SLIPWAY_SHARD
            value: {{ .Values.tenants.completions | quote }}
          {{- end }}
          {{- include "slipway.env" . | nindent 10 }}
        {{- include "slipway.container" . | nindent 8 }}
{{- end }}
