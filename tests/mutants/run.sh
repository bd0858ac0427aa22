#!/usr/bin/env bash
# run.sh [NAME...]: plants each fault of tests/mutants/NAME.patch (all of them where none is named) in a copy of the
# tree and runs the simulator until a seed catches it. Fails where one survives or a patch no longer applies.
#   MUTANT_SEEDS  how many seeds each one has to survive (500)
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source packaging/dev/common.sh
export seeds=${MUTANT_SEEDS:-500} out=$PWD/build/mutants
copy=build/mutants/tree
mkdir -p "$copy" "$out/bin" "$out/log"

# The copy keeps its own build, so that only what a patch touches is compiled anew.
copy_tree() {
  find "$copy" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -rd '' file; do [[ ! -e $file ]] || printf '%s\0' "$file"; done |
    tar --null --files-from=- -cf - | tar -xf - -C "$copy"
}

build_simulator() {
  # As in a plain build: the compiler cache knows files by paths below the tree.
  (cd "$copy" && export CCACHE_BASEDIR=$PWD && cmake --preset release && ninja -C build/release sim_main)
}

# plant NAME: leaves the program in bin, or says on `row` why there is none.
plant() {
  local name=$1 patch=tests/mutants/$1.patch why=$out/log/$1.build
  rm -f "$out/bin/$name"
  [[ -f $patch ]] || { row "$name" "there is no $patch"; return; }
  git apply --directory="$copy" "$patch" 2> "$why" || { row "$name" "the patch no longer applies: $(head -1 "$why")"; return; }
  if build_simulator > "$why" 2>&1; then
    cp "$copy/build/release/tests/sim/sim_main" "$out/bin/$name"
  else
    row "$name" "it does not build: $why"
  fi
  git apply -R --directory="$copy" "$patch"
}

# hunt NAME: one line of the table; false where the fault was not caught.
hunt() {
  local name=$1 run=$out/log/$1.run status broken last
  [[ -x $out/bin/$name ]] || return 1
  timeout "$((seeds * 4))" "$out/bin/$name" --first 1 --seeds "$seeds" --until-broken > "$run" 2>&1
  status=$?
  broken=$(tr '\r' '\n' < "$run" | grep -m 1 'BROKEN: ')
  last=$(tr '\r' '\n' < "$run" | grep -oE '^seed [0-9]+$' | tail -1)
  if [[ $status == 0 ]]; then
    row "$name" "SURVIVED $seeds seeds"
    return 1
  elif [[ -n $broken ]]; then
    row "$name" "$(sed -E 's/^seed ([0-9]+) BROKEN: ([^:]*):.*/seed \1: \2/' <<< "$broken")"
  elif [[ $status == 124 ]]; then
    row "$name" "no end within $((seeds * 4)) s, $last"
    return 1
  else
    row "$name" "$last: the product ended by itself ($(tail -1 "$run" | cut -c 1-100))"
  fi
}

row() { printf '%-26s %s\n' "$1" "$2"; }
export -f hunt row

names=("$@")
if [[ ${#names[@]} == 0 ]]; then mapfile -t names < <(basename -s .patch tests/mutants/*.patch); fi
copy_tree
for name in "${names[@]}"; do plant "$name"; done
# A failed hunt makes xargs fail.
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'hunt {}'
