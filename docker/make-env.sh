#!/bin/sh
# Makes .env of .env.example, with a random password wherever one is wanted; with `demo`, for the demo. Never overwrites.
# Usage: sh docker/make-env.sh [demo] [FILE]
set -eu
umask 077  # nobody else reads it
mode=live
[ "${1:-}" = demo ] && mode=demo && shift
file=${1:-.env}
set -C  # the file must not exist
{
    while IFS= read -r line; do
        case $line in
            *_PASSWORD=) printf '%s%s\n' "$line" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
            '#demo: '*) if [ "$mode" = demo ]; then printf '%s\n' "${line#\#demo: }"; else printf '%s\n' "$line"; fi ;;
            *) printf '%s\n' "$line" ;;
        esac
    done <"$(dirname "$0")/../.env.example"
} >"$file"
