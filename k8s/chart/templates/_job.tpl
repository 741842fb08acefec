{{- define "slipway.podSpec" -}}
restartPolicy: Never
serviceAccountName: {{ .Values.serviceAccountName | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int .Values.terminationGracePeriodSeconds }}
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
{{- with include "slipway.allVolumes" . | trim }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "slipway.jobSpec" -}}
{{- $its := dict "root" . "secret" (include "slipway.secret" .) -}}
{{- $verdict := ternary "FailIndex" "FailJob" .Values.tenants.enabled -}}
activeDeadlineSeconds: {{ include "slipway.deadline" . }}
{{- if .Values.tenants.enabled }}
completionMode: Indexed
completions: {{ int .Values.tenants.completions }}
parallelism: {{ int .Values.tenants.parallelism }}
backoffLimitPerIndex: {{ int .Values.tenants.backoffLimitPerIndex }}
maxFailedIndexes: {{ int .Values.tenants.maxFailedIndexes }}
{{- else }}
backoffLimit: {{ int .Values.job.backoffLimit }}
{{- end }}
{{- if and (eq .Values.mode "job") (not .Values.argocd.enabled) }}
ttlSecondsAfterFinished: {{ int .Values.job.ttlSecondsAfterFinished }}
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
      {{- include "slipway.podLabels" . | nindent 6 }}
      app.kubernetes.io/component: migrations
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
            value: {{ int .Values.tenants.completions | quote }}
          {{- end }}
          {{- include "slipway.envOf" $its | trim | nindent 10 }}
        {{- include "slipway.containerOf" $its | nindent 8 }}
{{- end }}
