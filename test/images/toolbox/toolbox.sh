#!/bin/sh
# The test pods' program: `toolbox NAME ARGS` runs NAME.mjs beside this file. Waiting for the end needs no Node, and must not miss it while Node starts.
if [ "${1:-pause}" = pause ]; then
  trap 'exit 0' TERM INT
  echo Paused
  while :; do
    sleep 86400 &
    wait $!
  done
fi
TOOLBOX_NAME=$0 exec node /toolbox/toolbox.mjs "$@"
