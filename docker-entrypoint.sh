#!/bin/sh
# slipway's entrypoint: of its own images, and of an app's image that it is copied into. It is given
#   nothing, or a flag:     slipway up
#   a verb of slipway:      slipway
#   a command that exists:  slipway exec, which migrates and then becomes the command: same process, its own signals
#   anything else:          slipway, which refuses it with 64 and offers the nearest verb; nothing is migrated
# Read with `.` it only defines slipway_entrypoint, for a script that has more to do first.

slipway_entrypoint() {
  [ $# -gt 0 ] || set -- up
  case $1 in
    -h | --help | --version) ;;
    -*) set -- up "$@" ;;
    up | down | status | history | verify | wait | exec | stamp | repair | adopt | sql | roundtrip | dump) ;;
    serve | healthcheck | doctor | unlock | new | templates | config | manifest | version | help) ;;
    *) ! slipway_finds "$1" || set -- exec -- "$@" ;;
  esac
  exec slipway "$@"
}

# `command -v` would also find what only the shell knows, and nobody can become.
slipway_finds() (
  case $1 in
    */*) [ -f "$1" ] && [ -x "$1" ] && exit 0 || exit 1 ;;
  esac
  IFS=:
  set -f
  for folder in $PATH; do
    [ -f "${folder:-.}/$1" ] && [ -x "${folder:-.}/$1" ] && exit 0
  done
  exit 1
)

# Started as a program, under whatever name, $0 is this file. Read by another, it is that one.
slipway_line=
{ read -r slipway_line && read -r slipway_line; } 2>/dev/null <"$0" || :
case $slipway_line in
  "# slipway's entrypoint:"*) slipway_entrypoint "$@" ;;
esac
