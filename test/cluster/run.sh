#!/usr/bin/env bash
# The chart on a cluster, with Helm 3 or 4: `npm ci --prefix test/k8s && test/cluster/run.sh 4`. In every mode that migrates:
# installed on an empty database, upgraded with a pending migration, and upgraded with one that fails.
# It needs docker, kind with a cluster (KIND_CLUSTER, or `kind`), and kubectl's context to be that cluster.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
helm_major=${1:?the major version of Helm: 3 or 4}
cluster=${KIND_CLUSTER:-kind}

# The programs of the other tests; PROGRAMS is a folder that has others.
program_folder() {
  (cd "$root" && node --input-type=module -e \
    "import { programFolder } from './test/k8s/programs.ts'; console.log(programFolder('$1', '$2'))")
}
PATH=${PROGRAMS:-$(program_folder helm "$helm_major"):$(program_folder kubectl 4)}:$PATH

# Namespaces are made and removed here: not in somebody's cluster.
context=$(kubectl config current-context)
if [ "$context" != "kind-$cluster" ]; then
  echo "kubectl talks to $context, not to kind-$cluster: set KIND_CLUSTER, or kubectl config use-context" >&2
  exit 78
fi

say() { printf '\n== %s\n' "$*"; }
die() {
  echo "FAILED: $*" >&2
  exit 1
}
refuses() { # COMMAND…: it must fail
  if "$@"; then die "this went well: $*"; fi
}

say 'images'
docker build --tag slipway:cluster "$root"
images=(postgres:cluster app:1 migrations:1 migrations:2 migrations:3)
docker build --target app --tag app:1 "$here"
for release in 1 2 3; do docker build --target "migrations-$release" --tag "migrations:$release" "$here"; done
# The one whose programs the image has: with its digest in the Dockerfile, without it in the cluster.
database=$(sed -n 's/^ARG POSTGRES_IMAGE=//p' "$root/Dockerfile")
docker pull --quiet "$database"
docker tag "$database" postgres:cluster
kind load docker-image --name "$cluster" "${images[@]}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$root/k8s" "$work/k8s"
helm version
helm dependency build "$work/k8s/example/chart"

kube() { kubectl --namespace "$namespace" "$@"; }

# expect_applied COUNT: what history has.
expect_applied() {
  local applied
  applied=$(kube exec deployment/db -- psql --username=postgres --tuples-only --no-align \
    --command="select count(*) from schema_migrations where state = 'applied'")
  [ "$applied" = "$1" ] || die "$mode: $applied migrations applied, not $1"
}

# The chart alone where a hook migrates, else as part of an app.
release() { # RELEASE FLAGS…
  local number=$1 prefix='' chart=$work/k8s/chart
  shift
  local flags=()
  if [ "$mode" != hook ]; then
    prefix=slipway. chart=$work/k8s/example/chart
    flags=(--set image=app:1)
  fi
  helm upgrade --install shop "$chart" --namespace "$namespace" --timeout 5m "${flags[@]}" \
    --set "${prefix}mode=$mode" --set "${prefix}database.existingSecret=shop-database" \
    --set "${prefix}image.repository=migrations" --set-string "${prefix}image.tag=$number" "$@"
}

# The app runs with this release; in mode hook there is none.
expect_running() {
  [ "$mode" = hook ] || kube rollout status deployment/shop --timeout=3m
  helm test shop --namespace "$namespace"
}

exit_codes() { # of the containers that migrated, each once
  kube get pods --output=jsonpath='{range .items[*]}{range .status.containerStatuses[*]}{.name}={.state.terminated.exitCode} {end}{range .status.initContainerStatuses[*]}{.name}={.state.terminated.exitCode}{.lastState.terminated.exitCode} {end}{end}'
}

# The upgrade is stopped where the mode stops it, with 70 to be seen, and the app of before goes on.
expect_stopped() {
  case $mode in
    hook)
      refuses release 3
      [[ $(exit_codes) == *migrate=70* ]] || die "$mode: no 70 in $(exit_codes)"
      ;;
    job)
      release 3
      kube wait job --selector=app.kubernetes.io/instance=shop --for=condition=Failed --timeout=2m
      [[ $(exit_codes) == *migrate=70* ]] || die "$mode: no 70 in $(exit_codes)"
      ;;
    init)
      release 3
      refuses kube rollout status deployment/shop --timeout=60s
      [[ $(exit_codes) == *slipway-up=70* ]] || die "$mode: no 70 in $(exit_codes)"
      ;;
    sidecar)
      release 3
      refuses kube rollout status deployment/shop --timeout=60s
      ;;
  esac
  [ "$mode" = hook ] || [ "$(kube get deployment shop --output=jsonpath='{.status.availableReplicas}')" = 2 ] ||
    die "$mode: the app of before is gone"
}

expect_page() { # the sidecar of a pod that is in use answers
  local pod
  pod=$(kube get pods --selector=app.kubernetes.io/name=shop --output=jsonpath='{.items[0].metadata.name}')
  kubectl get --raw "/api/v1/namespaces/$namespace/pods/$pod:7300/proxy/readyz"
  kubectl get --raw "/api/v1/namespaces/$namespace/pods/$pod:7300/proxy/metrics" | grep '^slipway_'
}

for mode in hook job init sidecar; do
  namespace=slipway-$mode
  say "$mode: a namespace that admits what is restricted, and a database"
  kubectl create namespace "$namespace"
  kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted
  kube create secret generic shop-database --from-literal=url=postgres://postgres:harbour@db/postgres
  # Not waited for: slipway does that.
  kube apply --filename "$here/postgres.yaml"

  say "$mode: installed"
  release 1
  expect_running
  expect_applied 1

  say "$mode: installed again"
  release 1
  expect_running
  expect_applied 1

  say "$mode: upgraded, with a migration that is pending"
  release 2
  expect_running
  expect_applied 2
  [ "$mode" != sidecar ] || expect_page

  say "$mode: upgraded, with a migration that fails"
  expect_stopped
  expect_applied 2

  kubectl delete namespace "$namespace" --wait=false
done
say "helm $helm_major: every mode was installed, upgraded, and kept from a migration that fails"
