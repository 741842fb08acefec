{{- define "slipway.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) .Values.fullnameOverride -}}
{{- /* Pods of a Job get up to twenty characters more. */ -}}
{{- $full | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "slipway.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "slipway.labels" -}}
{{ include "slipway.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (replace "+" "_" .Chart.Version) | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "slipway.image" -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag }}{{ end -}}
{{- end }}

{{- define "slipway.ownSecret" -}}
{{ include "slipway.fullname" . }}-database
{{- end }}

{{- define "slipway.secret" -}}
{{- .Values.database.existingSecret | default (include "slipway.ownSecret" .) -}}
{{- end }}

{{- /* Whether the Job is a hook of Helm's, one of Argo CD's, or neither. */ -}}
{{- define "slipway.isHelmHook" -}}
{{- if and (eq .Values.mode "hook") (not .Values.argocd.enabled) }}yes{{ end -}}
{{- end }}

{{- /* What no schema can refuse, since it is about names of this release. */ -}}
{{- define "slipway.check" -}}
{{- if and (include "slipway.isHelmHook" .) (eq .Values.database.existingSecret (include "slipway.ownSecret" .)) -}}
{{- fail (printf "database.existingSecret: %q is the name of this release's own Secret, and a hook runs before that is there. Make the Secret outside of the release, or use mode job" .Values.database.existingSecret) -}}
{{- end -}}
{{- if and .Values.database.existingSecret .Values.database.url -}}
{{- fail "database.existingSecret and database.url are two databases: give one of them" -}}
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
