#!/usr/bin/env bash
# Cross-builds the agent's rooms for arm64 and runs their unit tests under qemu: arm64.sh [build].
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source packaging/dev/common.sh
tree=$PWD
root=.dev/arm64

# Fetches the archives with an apt state of its own, so that the machine learns no second architecture.
sysroot() {
  local list stamp
  list=$(sed 's/#.*//; /^[[:space:]]*$/d' packaging/sysroot-arm64.txt)
  stamp=$(sha256sum <<< "$list")
  [[ $(cat $root/stamp 2> /dev/null) != "$stamp" ]] || return 0
  heading "fetching arm64 archives: $(xargs <<< "$list")"
  rm -rf $root
  mkdir -p $root/root $root/debs $root/state/lists/partial $root/cache/archives/partial
  touch $root/state/status
  apt_arm64 update -q
  # shellcheck disable=SC2086  # one word a package
  (cd $root/debs && apt_arm64 download -q $list)
  for package in $root/debs/*.deb; do dpkg-deb -x "$package" $root/root; done
  echo "$stamp" > $root/stamp
}

apt_arm64() {
  local here=$tree/$root
  apt-get -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User= -o Dir::State="$here/state" \
    -o Dir::State::status="$here/state/status" -o Dir::Cache="$here/cache" "$@"
}

packaging/dev/setup.sh
packaging/dev/setup.sh packaging/packages-arm64.txt
sysroot
cmake --preset arm64
ninja -C build/arm64
if [[ ${1:-} != build ]]; then ctest --test-dir build/arm64 -j "$(nproc)" --no-tests=error --output-on-failure -L '^unit$'; fi
