#!/usr/bin/env bash
# packages.sh BUILD: makes the Debian packages of a build, unpacks them side by side and proves that they hold what they
# shall and that it runs from there.
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

fail() { echo "FAILED: $*" >&2; exit 1; }

(cd "$work" && cpack --config "$build/CPackConfig.cmake" -B "$work/packages") > "$work/log" 2>&1 || { cat "$work/log"; fail cpack; }
mkdir "$root"
for package in "$work"/packages/*.deb; do dpkg-deb -x "$package" "$root"; done

field() { dpkg-deb -f "$work"/packages/"$1"_*.deb "$2"; }

# --- what they hold ---

cat > "$work/expected" << 'TEXT'
/etc/default/skerry-agent
/etc/default/skerryd
/lib/systemd/system/skerry-agent.service
/lib/systemd/system/skerryd.service
/usr/bin/skerry
/usr/bin/skerry-agent
/usr/bin/skerryd
/usr/lib/skerry/skerry-launch
/usr/lib/skerry/slots/a/skerry-agent
/usr/lib/sysusers.d/skerryd.conf
TEXT
(cd "$root" && find . \( -type f -o -type l \) -not -path './usr/share/doc/*' | sed 's/^\.//' | LC_ALL=C sort) > "$work/found"
diff "$work/expected" "$work/found" || fail "the packages hold something else (< expected, > found)"
[[ -z $(find "$root" -perm /022 -not -type l) ]] || fail "something is writable by others: $(find "$root" -perm /022 -not -type l)"
for package in skerry skerry-server skerry-agent; do
  [[ -s $root/usr/share/doc/$package/copyright ]] || fail "$package says nothing of its licence"
  [[ $(field $package Version) == "$(field skerry Version)" ]] || fail "the packages are of several versions"
done

# The agent is static, so it must run on any Linux; the server gets the libraries it is linked to.
[[ $(field skerry-agent Depends) == init-system-helpers ]] || fail "the agent needs $(field skerry-agent Depends)"
for library in libc6 libsqlite3-0 libssl3; do
  [[ $(field skerry-server Depends) == *"$library"* ]] || fail "skerry-server does not ask for $library"
done
for package in skerry-server skerry-agent; do
  dpkg-deb -e "$work"/packages/${package}_*.deb "$work/control"
  for script in postinst prerm postrm; do
    [[ -x $work/control/$script ]] || fail "$package: no $script"
    sh -n "$work/control/$script"
  done
  [[ $(cat "$work/control/conffiles") == /etc/default/* ]] || fail "$package: an upgrade would undo its options"
  rm -r "$work/control"
done

# --- that it runs ---

version=$(field skerry Version)
"$root/usr/bin/skerry" version --client | grep -qF "$version" || fail "skerry is not $version"
"$root/usr/bin/skerryd" --version | grep -qF "$version" || fail "skerryd is not $version"
"$root/usr/bin/skerry-agent" --version | grep -qF "$version" || fail "skerry-agent is not $version"

# As the unit does it: the launcher finds the agent in its slot, which says that this machine has not joined.
status=0
said=$("$root/usr/lib/skerry/skerry-launch" "$work/state" "$root/usr/lib/skerry/slots" run --state "$work/state" \
  --socket "$work/agent.sock" 2>&1) || status=$?
[[ $status == 70 && $said == *not_enrolled* ]] || fail "the launcher ended with $status: $said"

# --- that systemd understands it ---

for unit in skerryd skerry-agent; do
  # By default systemd leaves a service alone that ended five times in ten seconds.
  grep -qx StartLimitIntervalSec=0 "$root/lib/systemd/system/$unit.service" || fail "$unit.service gives up"
done

if command -v systemd-analyze > /dev/null; then
  for unit in skerryd skerry-agent; do
    sed "s|=/usr/|=$root/usr/|; s|^User=.*|User=root|; s|^Group=.*|Group=root|; /^Documentation=/d" \
      "$root/lib/systemd/system/$unit.service" > "$work/$unit.service"
    said=$(systemd-analyze verify --man=no "$work/$unit.service" 2>&1) || fail "$unit.service: $said"
    ! grep -F "$unit.service" <<< "$said" || fail "$unit.service is not as systemd has it"
  done
fi
echo "3 packages of $version"
