#!/usr/bin/env bash
# When the checked out commit was made, in the two forms that an image build wants: what is built of it twice is the same.
set -euo pipefail
: "${GITHUB_OUTPUT:?}"
{
  echo "epoch=$(git log -1 --format=%ct)"
  echo "created=$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)"
} >>"$GITHUB_OUTPUT"
