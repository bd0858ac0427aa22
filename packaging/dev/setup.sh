#!/usr/bin/env bash
# Installs the packages of a list that are missing: setup.sh [LIST]. A second run needs no network.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source packaging/dev/common.sh
list=${1:-packaging/packages.txt}

wanted() {
  # A Docker Engine from elsewhere stays: Debian's package would remove it.
  local without='^$'
  if ! is_installed docker.io && command -v dockerd > /dev/null; then without='^docker\.io$'; fi
  sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$list" | grep -v "$without"
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null) == installed ]]; }

missing() {
  local names
  names=$(wanted)
  # shellcheck disable=SC2086  # one word a package
  dpkg-query -W -f '${db:Status-Status} ${Package}\n${db:Status-Status} ${Package}:${Architecture}\n' $names 2> /dev/null |
    sed -n 's/^installed //p' | sort -u | comm -13 - <(sort -u <<< "$names")
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"
  elif command -v sudo > /dev/null; then sudo "$@"
  else die "packages are missing and this is neither root nor a machine with sudo: $(missing | xargs)"; fi
}

# Where no systemd runs (a container, a build machine), a package may not try to start its service
# and fail the installation with it.
forbid_service_starts() {
  [[ ! -d /run/systemd/system && ! -e /usr/sbin/policy-rc.d ]] || return 0
  printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d > /dev/null
  as_root chmod +x /usr/sbin/policy-rc.d
  trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
}

command -v dpkg-query > /dev/null || die "this needs Debian 12 (or a system with apt and its packages)"
mapfile -t packages < <(missing)
[[ ${#packages[@]} -gt 0 ]] || exit 0
heading "installing ${#packages[@]} packages: ${packages[*]}"
forbid_service_starts
as_root apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
