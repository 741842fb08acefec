#!/usr/bin/env bash
# Packs the chart and pushes it to CHART_REGISTRY (`HOST/FOLDER`); user and password come from REGISTRY_USERNAME and
# REGISTRY_PASSWORD. Writes the name and the digest of what was pushed to GITHUB_OUTPUT.
set -euo pipefail
: "${VERSION:?}" "${CHART_REGISTRY:?}" "${REGISTRY_USERNAME:?}" "${REGISTRY_PASSWORD:?}" "${GITHUB_OUTPUT:?}"

# The Helm that the chart is tested with; PROGRAMS is a folder that has another.
if [ -z "${PROGRAMS-}" ]; then
  npm ci --prefix test/k8s
  PROGRAMS=$(node --input-type=module -e \
    "import { programFolder } from './test/k8s/programs.ts'; console.log(programFolder('helm', '4'))")
fi
PATH=$PROGRAMS:$PATH

mkdir -p packed
helm package k8s/chart --version "$VERSION" --app-version "$VERSION" --destination packed
printf %s "$REGISTRY_PASSWORD" |
  helm registry login "${CHART_REGISTRY%%/*}" --username "$REGISTRY_USERNAME" --password-stdin
printed=$(helm push "packed/slipway-$VERSION.tgz" "oci://$CHART_REGISTRY" 2>&1) || {
  echo "$printed" >&2
  exit 1
}
echo "$printed"
digest=$(sed -n 's/^Digest: *//p' <<<"$printed")
[[ $digest == sha256:* ]]
# The package of npm has the same name, and both become files of one release.
mv "packed/slipway-$VERSION.tgz" "packed/slipway-chart-$VERSION.tgz"
echo "name=$CHART_REGISTRY/slipway" >>"$GITHUB_OUTPUT"
echo "digest=$digest" >>"$GITHUB_OUTPUT"
