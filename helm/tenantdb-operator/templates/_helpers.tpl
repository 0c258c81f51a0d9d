{{- define "tenantdb-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "tenantdb-operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride }}
{{- else }}
{{- $name := include "tenantdb-operator.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tenantdb-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tenantdb-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tenantdb-operator.labels" -}}
{{ include "tenantdb-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "tenantdb-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "tenantdb-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "tenantdb-operator.image" -}}
{{- $repository := required "image.repository must be set. There is no published image: build and push one with `mvn -Pimage package jib:build -Dimage=registry.example.com/tenantdb`." .Values.image.repository }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* "true" where more than one replica runs, else empty. */}}
{{- define "tenantdb-operator.leaderElection" -}}
{{- if gt (int .Values.replicas) 1 }}true{{ end }}
{{- end }}

{{/* What the operator is told to watch: all, own, or names. */}}
{{- define "tenantdb-operator.watch" -}}
{{- if kindIs "slice" .Values.watch }}{{ join "," .Values.watch }}{{ else }}{{ .Values.watch }}{{ end }}
{{- end }}
