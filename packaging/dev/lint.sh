#!/usr/bin/env bash
# Format, architecture gates and clang-tidy: lint.sh [--all] [format|arch|tidy]. Without a part, all three.
# A file costs clang-tidy near 4 s of CPU, the 227 of src and apps 880 s, or 8 minutes on two idle cores. A fresh clone
# knows of no change, so it reads src and apps alone; --all reads every file, tests, benchmarks and fuzzers too.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source packaging/dev/common.sh

# The commit whose src and apps clang-tidy passed; unknown in a fresh clone, and then all their files are looked at.
green=.dev/tidy-green
all=false
if [[ ${1:-} == --all ]]; then all=true; shift; fi

format() { our_sources | xargs clang-format-14 --dry-run -Werror; }

arch() { /usr/bin/python3 tests/arch/arch.py all; }

changed() {
  local since
  since=$(cat $green 2> /dev/null || true)
  if $all || [[ -z $since ]] || ! git cat-file -e "$since^{commit}" 2> /dev/null ||
    ! git diff --quiet "$since" -- '*.clang-tidy'; then
    our_sources
  else
    git diff --name-only --diff-filter=d "$since" -- '*.cc' '*.h'
    git ls-files --others --exclude-standard -- '*.cc' '*.h'
  fi
}

in_scope() { if $all; then cat; else grep -E '^(src|apps)/' || true; fi; }

# clang-tidy reads a header through a source: its own, else the first that includes it.
sources_of() {
  local file own
  while read -r file; do
    own=${file%.h}.cc
    if [[ $file == *.cc ]]; then echo "$file"
    elif [[ -f $own ]]; then echo "$own"
    else git grep --untracked -lF "#include \"${file#src/}\"" -- '*.cc' | head -1 || true
    fi
  done
}

tidy() {
  cmake --preset asan > .dev/configure.log || { cat .dev/configure.log; return 1; }
  generated_headers | xargs -r ninja -C build/asan > .dev/generated.log || { cat .dev/generated.log; return 1; }
  local files
  files=$(changed | in_scope | sources_of | sort -u | in_database)
  echo "clang-tidy: $(wc -w <<< "$files") files"
  xargs -r -P "$(nproc)" -n 1 clang-tidy-19 -p build/asan --quiet <<< "$files" 2> .dev/tidy.err || return 1
  if [[ -z $(git status --porcelain) ]]; then git rev-parse HEAD > $green; fi
}

generated_headers() { ninja -C build/asan -t targets all | sed -n 's/^\(.*\.pb\.h\): CUSTOM_COMMAND$/\1/p' | sort -u; }

# Only what the build knows can be read with the right flags.
in_database() { comm -12 - <(sed -n "s|^ *\"file\": \"$PWD/\(.*\)\"|\1|p" build/asan/compile_commands.json | sort -u); }

if [[ $# -gt 0 ]]; then "$@"; else format; arch; tidy; fi
