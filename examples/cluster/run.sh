#!/usr/bin/env bash
# Starts a Redis and three nodes in the foreground; Ctrl-C ends them all.
# ./run.sh [path of the turnout program]
set -euo pipefail
cd "$(dirname "$0")"
turnout=${1:-../../turnout}
command -v redis-server >/dev/null || { echo "redis-server is missing (Debian: apt-get install redis-server)" >&2; exit 1; }
[ -x "$turnout" ] || { echo "$turnout is missing: give the path of the program" >&2; exit 1; }

run=$(mktemp -d)
pids=()
end() { kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$run"; }
trap end EXIT
trap 'exit 0' INT TERM

redis-server --port 6390 --bind 127.0.0.1 --save "" --dir "$run" >/dev/null &
pids+=($!)
for n in 1 2 3; do
  mkdir -p "$run/n$n/logs"
  cp nginx.conf "$run/n$n/"
  echo "state_store redis://127.0.0.1:6390 node=n$n;" >"$run/n$n/node.conf"
  echo "listen 127.0.0.1:800$n;" >"$run/n$n/listen.conf"
done
# What is served, so that the example needs nothing else.
cat >"$run/n1/backends.conf" <<'CONF'
server { listen 127.0.0.1:7001; location / { return 200 "blue\n"; } }
server { listen 127.0.0.1:7002; location / { return 200 "green\n"; } }
CONF
for n in 1 2 3; do
  "$turnout" -p "$run/n$n/" -c nginx.conf &
  pids+=($!)
done
echo "nodes on 8001, 8002 and 8003; redis-cli -p 6390; Ctrl-C ends all"
wait
