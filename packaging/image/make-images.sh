#!/usr/bin/env bash
# Makes the images skerry-server and skerry-agent from the built programs, without a registry and without a network:
# make-images.sh PROGRAMS [TAG]. Each image holds a program, the shared libraries it needs, and nothing else: no shell, no
# package manager. Docker is found as the docker command finds it (DOCKER_HOST).
set -euo pipefail

programs=${1:?usage: make-images.sh PROGRAMS [TAG]}
tag=${2:-$("$programs/skerry" version --client | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1)}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# add PROGRAM: puts it, stripped, and what it is linked to into the root.
add() {
  strip -o "$root/$1" "$programs/$1"
  chmod 0755 "$root/$1"
  # A static program has none, which ldd and grep call a failure.
  { ldd "$programs/$1" | grep -oE '/[^ ]+' || true; } | while read -r library; do
    install -D -m 0755 "$(readlink -f "$library")" "$root$library"
  done
}

import() { # import NAME CHANGE...
  local name=$1 changes=()
  shift
  for change in "$@"; do changes+=(--change "$change"); done
  tar -C "$root" --numeric-owner -c . | docker import "${changes[@]}" - "$name:$tag" > /dev/null
  echo "$name:$tag"
  rm -rf "${root:?}"/*
}

# Nobody's account but a number; the volume takes its owner from the directory.
add skerryd
install -d -m 0700 -o 65532 -g 65532 "$root/var/lib/skerryd"
import skerry-server 'ENTRYPOINT ["/skerryd"]' 'USER 65532:65532' 'VOLUME /var/lib/skerryd' 'EXPOSE 8443'

# Root, for the engine's socket is. Its state is mounted under the host's own path: configs are files that the engine
# mounts from there.
add skerry-agent
install -d -m 0755 "$root/var/lib" "$root/run" "$root/etc"
import skerry-agent 'ENTRYPOINT ["/skerry-agent"]' 'CMD ["run"]'
