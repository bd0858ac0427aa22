#!/usr/bin/env bash
# agent_binary.sh BINARY LINK-MAP: the agent stays one static, hardened file of at most 6 MB (stripped), made from
# the outside libraries that agent_libraries.txt lists. A new line there needs a reason.
set -euo pipefail
binary=$1 map=$2
here=$(dirname "$(readlink -f "$0")")
size_bytes_max=6000000
failed=0

fail() { echo "$*" >&2; failed=1; }

stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$binary"
size_bytes=$(stat -c %s "$stripped")
echo "stripped: $size_bytes bytes of at most $size_bytes_max"
[[ $size_bytes -le $size_bytes_max ]] || fail "the stripped agent is larger than $size_bytes_max bytes"

headers=$(readelf -lW "$binary")
dynamic=$(readelf -dW "$binary")
grep -qE 'Type: +DYN' <<< "$(readelf -hW "$binary")" || fail "not position independent"
! grep -q 'INTERP' <<< "$headers" || fail "asks for a dynamic loader, so it is not static"
! grep -q 'NEEDED' <<< "$dynamic" || fail "needs shared libraries"
grep -q 'GNU_RELRO' <<< "$headers" || fail "relocated data stays writable"
grep -q 'BIND_NOW\|Flags: .*NOW' <<< "$dynamic" || fail "binds lazily"
! grep -qE 'GNU_STACK.* RWE' <<< "$headers" || fail "the stack is executable"

linked=$(grep -oE 'lib[A-Za-z0-9_+.-]+\.a\(' "$map" | sed '/^libskerry_/d; s/($//' | sort -u) || true
listed=$(sed 's/[[:space:]]*#.*//; /^$/d' "$here/agent_libraries.txt" | sort -u)
difference=$(diff <(echo "$listed") <(echo "$linked")) ||
  fail "linked libraries differ from tests/arch/agent_libraries.txt (< listed, > linked):"$'\n'"$difference"
exit $failed
