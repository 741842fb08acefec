#!/usr/bin/env bash
# Tags of an image: `image-tags.sh VERSION TARGET` prints one on each line. `runner` has the plain ones, the other targets
# a suffix. A pre-release moves no tag that people follow.
set -euo pipefail

version=$1
suffix=''
[ "$2" = runner ] || suffix=-$2

if [[ ! $version =~ ^([0-9]+)\.([0-9]+)\.([0-9]+)(-[0-9A-Za-z.-]+)?$ ]]; then
  echo "not a version: $version" >&2
  exit 64
fi
major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]} pre=${BASH_REMATCH[4]-}

echo "$version$suffix"
if [ -z "$pre" ]; then
  echo "$major.$minor$suffix"
  # In 0.x each minor version may break.
  [ "$major" = 0 ] || echo "$major$suffix"
  echo "${2/#runner/latest}"
fi
