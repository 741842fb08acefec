#!/usr/bin/env bash
# One image of those that were pushed for each processor: its tags are read from IMAGE, VERSION and TARGET, the digests are
# names of files in the folder `digests`. Writes the digest of the whole to GITHUB_OUTPUT.
set -euo pipefail
: "${IMAGE:?}" "${VERSION:?}" "${TARGET:?}" "${GITHUB_OUTPUT:?}"

tags=()
while read -r tag; do tags+=(--tag "$IMAGE:$tag"); done < <("$(dirname "$0")/image-tags.sh" "$VERSION" "$TARGET")
parts=()
for file in digests/*; do parts+=("$IMAGE@sha256:${file##*/}"); done
if [ ${#parts[@]} -ne 2 ]; then
  echo "expected two processors, found ${#parts[@]}: ${parts[*]}" >&2
  exit 1
fi

docker buildx imagetools create "${tags[@]}" "${parts[@]}"
digest=$(docker buildx imagetools inspect --format '{{ .Manifest.Digest }}' "${tags[1]}")
[[ $digest == sha256:* ]]
echo "digest=$digest" >>"$GITHUB_OUTPUT"
