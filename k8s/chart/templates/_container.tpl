{{- /*
Containers. A chart may have this one twice, under two aliases for two databases, with both in the same pod: what has a name
there has the chart's in it.
*/ -}}

{{- /* Of one container, given `root` and `secret`, the one with the URL; the three below say what is theirs. */ -}}
{{- define "slipway.containerOf" -}}
{{- $values := .root.Values -}}
image: {{ include "slipway.image" .root | quote }}
imagePullPolicy: {{ $values.image.pullPolicy }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  runAsNonRoot: true
  {{- with $values.runAsUser }}
  runAsUser: {{ int . }}
  runAsGroup: {{ int . }}
  {{- end }}
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
resources:
  {{- toYaml $values.resources | nindent 2 }}
{{- $files := include "slipway.files" . }}
{{- if or $files $values.extraVolumeMounts }}
volumeMounts:
  {{- if $files }}
  - name: {{ include "slipway.name" .root }}-database
    mountPath: /run/secrets/slipway
    readOnly: true
  {{- end }}
  {{- with $values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- with $values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Its variables, given the same, and `patience` where it may wait longer than usual. */ -}}
{{- define "slipway.envOf" -}}
{{- $values := .root.Values -}}
{{- with ternary "/run/secrets/slipway/database-url" $values.database.file (ne .secret "") }}
- name: SLIPWAY_DATABASE_URL_FILE
  value: {{ . | quote }}
{{- end }}
{{- range $field, $path := dict "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "NODE_NAME" "spec.nodeName" }}
- name: {{ $field }}
  valueFrom:
    fieldRef:
      fieldPath: {{ $path }}
{{- end }}
{{- /* A Job is tried again, and must be done before Helm gives up. */ -}}
{{- $settings := dict "SLIPWAY_WAIT_TIMEOUT" (.patience | default "60s") "SLIPWAY_LOCK_TIMEOUT" (.patience | default "2m") -}}
{{- range $values.extraEnv }}{{ $settings = omit $settings .name }}{{ end -}}
{{- /* Not with merge, to which 0 and false are nothing. */ -}}
{{- range $name, $value := $values.settings }}{{ $settings = set $settings $name $value }}{{ end -}}
{{- range $name, $value := $settings }}
- name: {{ $name }}
  value: {{ include "slipway.text" $value | quote }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Helm reads numbers as floating point, and would write 5000000 as 5e+06. */ -}}
{{- define "slipway.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{- define "slipway.waitContainer" -}}
{{- $its := dict "root" . "secret" (.Values.wait.existingSecret | default (include "slipway.secret" .)) -}}
name: {{ include "slipway.name" . }}-wait
args: [wait, {{ printf "--timeout=%s" .Values.wait.timeout | quote }}]
env:
  {{- include "slipway.envOf" $its | trim | nindent 2 }}
{{ include "slipway.containerOf" $its }}
{{- end }}

{{- define "slipway.upContainer" -}}
{{- $its := dict "root" . "secret" (include "slipway.secret" .) -}}
name: {{ include "slipway.name" . }}-up
args:
  {{- prepend .Values.args "up" | toYaml | nindent 2 }}
env:
  {{- include "slipway.envOf" $its | trim | nindent 2 }}
{{ include "slipway.containerOf" $its }}
{{- end }}

{{- /* A native sidecar: what follows it starts once the startup probe has succeeded. */ -}}
{{- define "slipway.sidecarContainer" -}}
{{- /* It runs once, until the probe has it started again: a little less, so that it says itself what it waited for. */ -}}
{{- $patience := div (mul 5 (int .Values.sidecar.startupSeconds)) 6 | printf "%ds" -}}
{{- $its := dict "root" . "secret" (include "slipway.secret" .) "patience" $patience -}}
name: {{ include "slipway.name" . | quote }}
args:
  {{- prepend .Values.args "serve" | toYaml | nindent 2 }}
restartPolicy: Always
ports:
  - name: slipway
    containerPort: {{ int .Values.sidecar.port }}
startupProbe:
  httpGet:
    path: /readyz
    port: slipway
  periodSeconds: 2
  failureThreshold: {{ divf .Values.sidecar.startupSeconds 2 | ceil | int }}
env:
  - name: SLIPWAY_LISTEN
    value: {{ printf "%s:%d" .Values.sidecar.address (int .Values.sidecar.port) | quote }}
  {{- if .Values.sidecar.tokenSecret }}
  - name: SLIPWAY_TOKEN_FILE
    value: /run/secrets/slipway/token
  {{- end }}
  {{- include "slipway.envOf" $its | trim | nindent 2 }}
{{ include "slipway.containerOf" $its }}
{{- end }}

{{- define "slipway.waits" -}}
{{- if eq (toString .Values.wait.enabled) "auto" -}}
{{- if eq .Values.mode "job" }}yes{{ end -}}
{{- else if eq (toString .Values.wait.enabled) "true" }}yes{{ end -}}
{{- end }}

{{- /*
For `initContainers:` of an app's pod, before all others. What it is follows from the mode, so that an app's chart need
not change with it.
*/ -}}
{{- define "slipway.initContainers" -}}
{{- if eq .Values.mode "init" -}}
- {{ include "slipway.upContainer" . | nindent 2 | trim }}
{{- else if eq .Values.mode "sidecar" -}}
- {{ include "slipway.sidecarContainer" . | nindent 2 | trim }}
{{- else if and (ne .Values.mode "none") (include "slipway.waits" .) -}}
- {{ include "slipway.waitContainer" . | nindent 2 | trim }}
{{- end -}}
{{- end }}

{{- /* For `volumes:` of the same pod. */ -}}
{{- define "slipway.volumes" -}}
{{- if include "slipway.initContainers" . -}}
{{- $reader := ternary .Values.wait.existingSecret "" (has .Values.mode (list "hook" "job")) -}}
{{- if $reader -}}
{{ include "slipway.volumesOf" (dict "root" . "secret" $reader "key" .Values.wait.key) }}
{{- else -}}
{{ include "slipway.allVolumes" . }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "slipway.allVolumes" -}}
{{- $key := ternary .Values.database.key "url" (ne .Values.database.existingSecret "") -}}
{{ include "slipway.volumesOf" (dict "root" . "secret" (include "slipway.secret" .) "key" $key) }}
{{- end }}

{{- /* Whether there is anything to mount. */ -}}
{{- define "slipway.files" -}}
{{- if or .secret (and (eq .root.Values.mode "sidecar") .root.Values.sidecar.tokenSecret) }}yes{{ end -}}
{{- end }}

{{- define "slipway.volumesOf" -}}
{{- $values := .root.Values -}}
{{- if include "slipway.files" . -}}
- name: {{ include "slipway.name" .root }}-database
  projected:
    # 0444: in an app's pod the files are root's, and nobody but this container has them mounted.
    defaultMode: 292
    sources:
      {{- if .secret }}
      - secret:
          name: {{ .secret | quote }}
          items:
            - key: {{ .key | quote }}
              path: database-url
      {{- end }}
      {{- if and (eq $values.mode "sidecar") $values.sidecar.tokenSecret }}
      - secret:
          name: {{ $values.sidecar.tokenSecret | quote }}
          items:
            - key: {{ $values.sidecar.tokenKey | quote }}
              path: token
      {{- end }}
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
