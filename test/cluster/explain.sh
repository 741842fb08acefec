#!/usr/bin/env bash
# What is in the namespaces of run.sh: for whoever reads the log of a run that failed.
set -uo pipefail

for namespace in $(kubectl get namespaces --output=name | sed -n 's,^namespace/\(slipway-\),\1,p'); do
  printf '\n== %s\n' "$namespace"
  kubectl --namespace "$namespace" get jobs,deployments,pods --output=wide
  kubectl --namespace "$namespace" get events --sort-by=.lastTimestamp
  for pod in $(kubectl --namespace "$namespace" get pods --output=name); do
    printf '\n-- %s\n' "$pod"
    kubectl --namespace "$namespace" logs "$pod" --all-containers --prefix --tail=50
  done
done
