#!/usr/bin/env bash
# A private Docker Engine for tests: its own data, socket and network namespace, so that it fights
# no other engine over bridges and iptables, and leaves nothing behind.
#
#   engine.sh start DIR [dockerd options]   starts it and waits until it answers on DIR/docker.sock
#   engine.sh kill DIR                      kill -9 of dockerd alone; containers keep their shims
#   engine.sh terminate DIR                 asks dockerd to stop; it stops its containers
#   engine.sh image DIR                     imports skerry-test:1 (busybox) and skerry-test:2
#   engine.sh stop DIR                      stops everything and removes DIR
#   engine.sh with DIR COMMAND...           start, image, run COMMAND with SKERRY_ENGINE_DIR set, stop;
#                                           the exit code is COMMAND's. DIR "auto" is a new one
#
# Needs root, dockerd, iproute2 and a static busybox. `kill` and then `start` make a restart.
set -euo pipefail

verb=${1:?verb}
dir=${2:?directory}
shift 2
# Short, because the sockets below it may be 107 bytes long at most.
[ "$dir" != auto ] || dir=$(mktemp -d /tmp/skerry-engine.XXXXXX)
mkdir -p "$dir"
dir=$(realpath "$dir")
# A name of its own per directory; the kernel takes at most 15 bytes for interfaces, not for these.
netns=skerry-$(echo -n "$dir" | sha256sum | cut -c1-8)
socket=$dir/docker.sock

api() { # api METHOD PATH [curl options]: the body of the reply
  curl -sS --fail-with-body --max-time 30 --unix-socket "$socket" -X "$1" "http://engine$2" "${@:3}"
}

wait_until_it_answers() {
  for _ in $(seq 300); do
    api GET /_ping >/dev/null 2>&1 && return 0
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || break
    sleep 0.1
  done
  echo "engine.sh: dockerd does not answer; the end of its log:" >&2
  tail -20 "$dir/dockerd.log" >&2
  return 1
}

storage_driver() {
  # overlay2 cannot stand on overlay itself; vfs copies every layer but works anywhere.
  case $(stat -f -c %T "$dir") in overlay* | tmpfs) echo vfs ;; *) echo overlay2 ;; esac
}

# containerd is a process of its own, as on an installed machine: so it and the containers outlive a
# killed dockerd.
start_containerd() {
  kill -0 "$(cat "$dir/containerd.pid" 2>/dev/null)" 2>/dev/null && return 0
  mkdir -p "$dir/exec"
  setsid nsenter "--net=/run/netns/$netns" containerd --root "$dir/containerd" \
    --state "$dir/exec/containerd" --address "$dir/containerd.sock" --log-level warn \
    >>"$dir/dockerd.log" 2>&1 </dev/null &
  echo $! >"$dir/containerd.pid"
  disown
}

start() {
  ip netns list | grep -qw "$netns" || ip netns add "$netns"
  ip -n "$netns" link set lo up
  start_containerd
  rm -f "$dir/docker.pid" "$socket"
  # setsid: a signal to the caller's group must not reach it. nsenter and not `ip netns exec`: the
  # latter mounts a fresh /sys, and with it the cgroups go.
  setsid nsenter "--net=/run/netns/$netns" dockerd --data-root "$dir/data" \
    --exec-root "$dir/exec" --containerd "$dir/containerd.sock" --pidfile "$dir/docker.pid" \
    --host "unix://$socket" --storage-driver "$(storage_driver)" \
    --exec-opt native.cgroupdriver=cgroupfs "$@" >>"$dir/dockerd.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  disown
  wait_until_it_answers
}

kill_engine() {
  local pid
  pid=$(cat "$dir/docker.pid" 2>/dev/null || true)
  [ -n "$pid" ] || return 0
  kill "-${1:-KILL}" "$pid" 2>/dev/null || true
  for _ in $(seq 200); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}

image() {
  local root=$dir/root
  mkdir -p "$root/bin" "$root/tmp" "$root/etc"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for tool in sh sleep cat echo ls true false id wget httpd kill touch test stat env nslookup; do
    ln -sf busybox "$root/bin/$tool"
  done
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  chmod 1777 "$root/tmp"
  local query
  for tag in 1 2; do
    # The image brings an environment, labels, a command and a working directory of its own, so
    # that the tests see them told apart from what the file asks for.
    query="fromSrc=-&repo=skerry-test&tag=$tag"
    query+="&changes=ENV%20PATH=/bin%20IMAGE_VERSION=$tag&changes=LABEL%20from.image=yes"
    query+="&changes=CMD%20%5B%22/bin/sleep%22,%221000000%22%5D&changes=WORKDIR%20/tmp"
    tar -C "$root" -c . | api POST "/images/create?$query" -H 'Content-Type: application/x-tar' \
      --data-binary @- >/dev/null
  done
  rm -rf "$root"
}

stop() {
  local id pid
  set +e # Whatever fails here, the rest must still go.
  if api GET /_ping >/dev/null 2>&1; then
    api GET '/containers/json?all=1' | grep -o '"Id":"[0-9a-f]\{64\}"' | cut -d'"' -f4 |
      while read -r id; do api DELETE "/containers/$id?force=1&v=1" >/dev/null || true; done
  fi
  kill_engine TERM
  kill -KILL "$(cat "$dir/pid" 2>/dev/null)" 2>/dev/null
  kill -TERM "$(cat "$dir/containerd.pid" 2>/dev/null)" 2>/dev/null || true
  # What a killed engine left: shims and their containers carry our own address in their arguments.
  for pid in $(pgrep -f -- "containerd-shim.* -address $dir/" || true); do
    pkill -KILL -P "$pid" 2>/dev/null || true
    kill -KILL "$pid" 2>/dev/null || true
  done
  for _ in $(seq 50); do
    unmount_all
    rm -rf "$dir" 2>/dev/null && break
    sleep 0.1
  done
  ip netns del "$netns" 2>/dev/null || true
  [ ! -e "$dir" ] || echo "engine.sh: $dir could not be removed" >&2
}

unmount_all() {
  awk '{print $2}' /proc/self/mounts | grep "^$dir/" | sort -r | xargs -r -n1 umount -l 2>/dev/null || true
}

case $verb in
  start) start "$@" ;;
  kill) kill_engine KILL ;;
  terminate) kill_engine TERM ;;
  image) image ;;
  stop) stop ;;
  with)
    trap stop EXIT
    start
    image
    SKERRY_ENGINE_DIR=$dir "$@"
    ;;
  *)
    echo "engine.sh: unknown verb $verb" >&2
    exit 2
    ;;
esac
