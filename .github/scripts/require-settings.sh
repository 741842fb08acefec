#!/usr/bin/env bash
# Ends with 78 unless each of these variables has a value, and says where on GitHub it is set.
set -euo pipefail

missing=()
for name in "$@"; do
  [ -n "${!name-}" ] || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0
{
  echo "not set: ${missing[*]}"
  echo 'This repository names no registry: set them under Settings, Secrets and variables, Actions, Variables.'
  echo 'CONTRIBUTING.md says what each of them is.'
} >&2
exit 78
