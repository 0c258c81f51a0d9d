{{/*
What the operator may do wherever it watches, and no more. The operator's tests run with these rules, as this account.
*/}}
{{- define "tenantdb-operator.rules" -}}
# Its resources are listed and watched; none is read alone. A patch puts the finalizer on one with deletionPolicy: Delete, and
# takes it off again; it writes nothing else of a resource.
- apiGroups: [tenantdb.io]
  resources: [tenantdatabases]
  verbs: [list, watch, patch]
# Status is written by server-side apply, which is a patch.
- apiGroups: [tenantdb.io]
  resources: [tenantdatabases/status]
  verbs: [patch]
{{- if .Values.watchReferences }}
# Credentials and certificate authorities: read by name when a connection is made; listed and watched so that a rotation is
# noticed at once. Only names and versions are kept of what is listed.
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [get, list, watch]
{{- else }}
# Credentials and certificate authorities: read by name, at each interval.
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [get]
{{- end }}
# What it did, and what keeps it from doing more, is told as events of the resource.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}

{{/* What leader election needs, in the release's namespace only. */}}
{{- define "tenantdb-operator.leaseRules" -}}
# A lease that is not there yet has no name to be granted by.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
# The lease is renewed, and given back, by a patch. The framework does not start without update, which it never uses.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "tenantdb-operator.fullname" . }}]
  verbs: [get, update, patch]
{{- end }}

{{/* The subject of all bindings. */}}
{{- define "tenantdb-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "tenantdb-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
