#!/bin/sh
# copy-programs.sh TO BASE FILE…: copies programs, and the libraries that they load, to the same paths below TO.
# What BASE has already stays out. For an image that is made of nothing but what it runs.
set -eu
to=$1
base=$2
shift 2

copy() {
  [ ! -e "$base$1" ] || return 0
  mkdir -p "$to${1%/*}"
  cp -L "$1" "$to$1"
}

for file; do
  copy "$file"
  # `libc.so.6 => /lib/…/libc.so.6 (0x…)` and `/lib64/ld-linux-x86-64.so.2 (0x…)`
  ldd "$file" | grep -o '/[^ ]*' | sort -u | while read -r library; do copy "$library"; done
done
