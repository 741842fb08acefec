#!/usr/bin/env bash
# One part of what .ci/run does, with what it needs beyond `npm ci`. For GitHub's Ubuntu machines, which have Docker, Go,
# Java, Python, PostgreSQL's clients and Chrome.
set -euo pipefail
cd "$(dirname "$0")/../.."

case ${1-} in
  check)
    npm run check
    npm run docs -- --check
    npm run demo
    ;;
  test) TEST_MAKE=required npm test ;;
  k8s)
    npm ci --prefix test/k8s
    node test/k8s/cluster/build.ts
    TEST_CLUSTER=required npm run test:k8s
    ;;
  workflows)
    npm ci --prefix test/workflows
    TEST_ACTIONLINT=required npm run test:workflows
    ;;
  browser) TEST_BROWSER=required TEST_CHROMIUM=$(command -v google-chrome) npm run test:browser ;;
  # With the base images that the Dockerfile names, which .ci/run cannot pull where there is no registry.
  image) TEST_BASE_IMAGES=public npm run test:image ;;
  slow)
    sudo apt-get -q update
    sudo apt-get -qy install --no-install-recommends pgbouncer
    TEST_PGBOUNCER=required npm run test:slow
    ;;
  faults) npm run test:faults ;;
  adopt)
    # A registry that did not answer is asked once more.
    npm run bench:peers || npm run bench:peers
    TEST_PEERS=required npm run test:adopt
    ;;
  majors)
    npm ci --prefix test/majors
    npm run test:majors
    ;;
  nodes)
    npm ci --prefix test/nodes
    npm run test:nodes
    ;;
  *)
    echo "no part of that name: ${1-}" >&2
    exit 64
    ;;
esac
