#!/bin/sh
# runc for a machine without CAP_SYS_RESOURCE, as a sandbox is. The kernel refuses negative OOM scores and raised limits there:
# OOM scores below 0 become 0, the limit of open files is capped at the one this process has, other limits are dropped.
set -eu

# shellcheck disable=SC3045 # Debian's sh, dash, knows -H
nofile=$(ulimit -Hn)
# shellcheck disable=SC2016 # jq's own variable
clamp='if (.oomScoreAdj // 0) < 0 then .oomScoreAdj = 0 else . end
  | if .rlimits then .rlimits |= map(select(.type == "RLIMIT_NOFILE") | .soft = ([.soft, $n] | min) | .hard = ([.hard, $n] | min)) else . end'

rewrite() { # FILE FILTER: the file may be open elsewhere, so it is written in place.
  if [ -f "$1" ]; then
    changed=$(jq --argjson n "$nofile" "$2" "$1")
    printf '%s\n' "$changed" >"$1"
  fi
}

command='' bundle=. process='' previous=''
for word in "$@"; do
  case $previous in
    --bundle | -b) bundle=$word ;;
    --process | -p) process=$word ;;
  esac
  case $word in
    --bundle=*) bundle=${word#*=} ;;
    --process=*) process=${word#*=} ;;
    create | run | exec) [ "$command" ] || command=$word ;;
  esac
  previous=$word
done

case $command in
  create | run) rewrite "$bundle/config.json" ".process |= ($clamp)" ;;
  exec) [ -z "$process" ] || rewrite "$process" "$clamp" ;;
esac
exec /usr/libexec/runc/runc "$@"
