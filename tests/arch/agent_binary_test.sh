#!/usr/bin/env bash
# Proves that agent_binary.sh refuses a dynamic program, an unlisted library and a missing one, and takes a right one.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/agent_binary.sh" "$work/"
printf 'libc.a  # always\n' > "$work/agent_libraries.txt"
echo 'int main() { return 0; }' > "$work/a.cc"
g++ -O2 -fPIE -static-pie -Wl,-z,relro,-z,now "$work/a.cc" -o "$work/static"
g++ -O2 -fPIE -pie -Wl,-z,relro,-z,now "$work/a.cc" -o "$work/dynamic"
g++ -O2 -static -no-pie "$work/a.cc" -o "$work/fixed"
echo 'x/libc.a(start.o) x/libskerry_base.a(text.o)' > "$work/right.map"
echo 'x/libc.a(start.o) x/libz.a(inflate.o)' > "$work/more.map"
echo 'x/libskerry_base.a(text.o)' > "$work/fewer.map"

gate() { "$work/agent_binary.sh" "$work/$1" "$work/$2.map" > "$work/out" 2>&1; }
refuses() { if gate "$1" "$2"; then echo "took $1 with $2"; exit 1; fi; grep -q "$3" "$work/out" || { cat "$work/out"; exit 1; }; }

gate static right || { cat "$work/out"; exit 1; }
refuses dynamic right 'needs shared libraries'
refuses fixed right 'not position independent'
refuses static more '> libz.a'
refuses static fewer '< libc.a'
truncate -s 7000000 "$work/big"; cat "$work/static" > "$work/padded"
objcopy --add-section .pad="$work/big" --set-section-flags .pad=alloc,readonly "$work/static" "$work/padded" 2> /dev/null
refuses padded right 'larger than'
