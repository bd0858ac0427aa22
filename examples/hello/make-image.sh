#!/usr/bin/env bash
# Makes the image of the hello example from one static program, without a registry and without a
# network: make-image.sh PROGRAM [IMAGE]. Docker is found as the docker command finds it (DOCKER_HOST).
set -euo pipefail

program=${1:?usage: make-image.sh PROGRAM [IMAGE]}
image=${2:-skerry-hello:1}

# The same program makes no new image: a new id would tell running sites nothing and confuse people.
digest=$(sha256sum "$program" | cut -c1-64)
made_from=$(docker image inspect --format '{{index .Config.Labels "hello.program"}}' "$image" 2> /dev/null || true)
[[ $made_from != "$digest" ]] || exit 0

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
install -m 0755 "$program" "$root/hello"
# A new volume takes the owner of the directory it is mounted on, so nobody can write its visits.
install -d -m 0755 -o 65534 -g 65534 "$root/data"
tar -C "$root" --numeric-owner -c hello data |
  docker import --change 'ENTRYPOINT ["/hello"]' --change 'EXPOSE 8080' \
    --change "LABEL hello.program=$digest" - "$image" > /dev/null
