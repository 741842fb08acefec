{{- define "slipway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "slipway.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) .Values.fullnameOverride -}}
{{- /* Pods of a Job get up to twenty characters more. */ -}}
{{- $full | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "slipway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "slipway.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "slipway.labels" -}}
{{ include "slipway.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (replace "+" "_" .Chart.Version) | trunc 63 | trimSuffix "-" }}
{{- with merge (dict) (.more | default dict) .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Of a pod that runs to its end. */ -}}
{{- define "slipway.podLabels" -}}
{{ include "slipway.labels" (merge (dict "more" .Values.podLabels) .) }}
{{- end }}

{{- define "slipway.image" -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag }}{{ end -}}
{{- end }}

{{- define "slipway.ownSecret" -}}
{{ include "slipway.fullname" . }}-database
{{- end }}

{{- /* The Secret with the URL; nothing where that comes from elsewhere. */ -}}
{{- define "slipway.secret" -}}
{{- if .Values.database.existingSecret }}{{ .Values.database.existingSecret }}
{{- else if .Values.database.url }}{{ include "slipway.ownSecret" . }}{{ end -}}
{{- end }}

{{- /* Whether the Job is a hook of Helm's, one of Argo CD's, or neither. */ -}}
{{- define "slipway.isHelmHook" -}}
{{- if and (eq .Values.mode "hook") (not .Values.argocd.enabled) }}yes{{ end -}}
{{- end }}

{{- /* Helm gives up on a hook after five minutes if it is not told otherwise; for a Job nobody waits with a clock. */ -}}
{{- define "slipway.deadline" -}}
{{- if ne (toString .Values.job.activeDeadlineSeconds) "auto" }}{{ int .Values.job.activeDeadlineSeconds }}
{{- else }}{{ ternary 270 3600 (eq (include "slipway.isHelmHook" .) "yes") }}{{ end -}}
{{- end }}

{{- /* What no schema can refuse, since it is about names of this release. */ -}}
{{- define "slipway.check" -}}
{{- $database := .Values.database -}}
{{- if and (include "slipway.isHelmHook" .) (eq $database.existingSecret (include "slipway.ownSecret" .)) -}}
{{- fail (printf "database.existingSecret: %q is the name of this release's own Secret, and a hook runs before that is there. Make the Secret outside of the release, or use mode job" $database.existingSecret) -}}
{{- end -}}
{{- $given := compact (list $database.existingSecret $database.url $database.file (ternary "variables" "" $database.variables)) -}}
{{- if gt (len $given) 1 -}}
{{- fail "database.existingSecret, database.url, database.file and database.variables are two databases: give one of them" -}}
{{- end -}}
{{- range $index, $entry := .Values.extraEnv -}}
{{- if hasKey $.Values.settings $entry.name -}}
{{- fail (printf "extraEnv: %s is among the settings, too: give it once" $entry.name) -}}
{{- end -}}
{{- range $other := slice $.Values.extraEnv 0 $index -}}
{{- if eq $other.name $entry.name -}}
{{- fail (printf "extraEnv: %s is there twice" $entry.name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.argocd.enabled .Values.flux.enabled -}}
{{- fail "argocd.enabled and flux.enabled: only one of them applies the chart" -}}
{{- end -}}
{{- if and .Values.tenants.enabled (gt (int .Values.tenants.parallelism) (int .Values.tenants.completions)) -}}
{{- fail "tenants.parallelism is more than tenants.completions" -}}
{{- end -}}
{{- if gt (int .Values.tenants.maxFailedIndexes) (int .Values.tenants.completions) -}}
{{- fail "tenants.maxFailedIndexes is more than tenants.completions" -}}
{{- end -}}
{{- end }}
