{{- /* Of one container; the three below say what is theirs. */ -}}
{{- define "slipway.container" -}}
image: {{ include "slipway.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  runAsNonRoot: true
  {{- with .Values.runAsUser }}
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
  {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  - name: slipway-database
    mountPath: /run/secrets/slipway
    readOnly: true
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "slipway.env" -}}
- name: SLIPWAY_DATABASE_URL_FILE
  value: /run/secrets/slipway/database-url
{{- range $field, $path := dict "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "NODE_NAME" "spec.nodeName" }}
- name: {{ $field }}
  valueFrom:
    fieldRef:
      fieldPath: {{ $path }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "slipway.waitContainer" -}}
name: slipway-wait
args: [wait, {{ printf "--timeout=%s" .Values.wait.timeout | quote }}]
env:
  {{- include "slipway.env" . | nindent 2 }}
{{ include "slipway.container" . }}
{{- end }}

{{- define "slipway.upContainer" -}}
name: slipway-up
args:
  {{- prepend .Values.args "up" | toYaml | nindent 2 }}
env:
  {{- include "slipway.env" . | nindent 2 }}
{{ include "slipway.container" . }}
{{- end }}

{{- /* A native sidecar: what follows it starts once the startup probe has succeeded. */ -}}
{{- define "slipway.sidecarContainer" -}}
name: slipway
args:
  {{- prepend .Values.args "serve" | toYaml | nindent 2 }}
restartPolicy: Always
ports:
  - name: slipway
    containerPort: {{ .Values.sidecar.port }}
startupProbe:
  httpGet:
    path: /readyz
    port: slipway
  periodSeconds: 2
  failureThreshold: {{ divf .Values.sidecar.startupSeconds 2 | ceil | int }}
env:
  - name: SLIPWAY_LISTEN
    value: {{ printf "%s:%v" .Values.sidecar.address .Values.sidecar.port | quote }}
  {{- if .Values.sidecar.tokenSecret }}
  - name: SLIPWAY_TOKEN_FILE
    value: /run/secrets/slipway/token
  {{- end }}
  {{- include "slipway.env" . | nindent 2 }}
{{ include "slipway.container" . }}
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
{{- if and (has .Values.mode (list "hook" "job")) .Values.wait.existingSecret -}}
{{ include "slipway.volumesOf" (dict "root" . "secret" .Values.wait.existingSecret "key" .Values.wait.key) }}
{{- else -}}
{{ include "slipway.allVolumes" . }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "slipway.allVolumes" -}}
{{- $key := ternary .Values.database.key "url" (ne .Values.database.existingSecret "") -}}
{{ include "slipway.volumesOf" (dict "root" . "secret" (include "slipway.secret" .) "key" $key) }}
{{- end }}

{{- define "slipway.volumesOf" -}}
{{- $values := .root.Values -}}
- name: slipway-database
  projected:
    # 0444: in an app's pod the files are root's, and nobody but this container has them mounted.
    defaultMode: 292
    sources:
      - secret:
          name: {{ .secret }}
          items:
            - key: {{ .key }}
              path: database-url
      {{- if and (eq $values.mode "sidecar") $values.sidecar.tokenSecret }}
      - secret:
          name: {{ $values.sidecar.tokenSecret }}
          items:
            - key: {{ $values.sidecar.tokenKey }}
              path: token
      {{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
