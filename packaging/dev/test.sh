#!/usr/bin/env bash
# Everything a change must pass. The last line sums all runs: "123 passed, 0 failed".
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source packaging/dev/common.sh
passed=0 failed=0
mkdir -p .dev/log

# check NAME COMMAND...: one gate, counted as one test; its output is shown when it fails.
check() {
  local name=$1 log=.dev/log/${1// /-}.log
  shift
  heading "$name"
  if "$@" > "$log" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    tail -60 "$log"
    echo "FAILED: $name (all of it: $log)"
    return 1
  fi
}

# suite NAME BUILD CTEST-ARGUMENT...: runs tests of one build and adds what ctest counted.
suite() {
  local name=$1 build=$2 report=$PWD/.dev/log/$2.xml
  shift 2
  heading "$name"
  rm -f "$report"
  ctest --test-dir "build/$build" -j "$(nproc)" --no-tests=error --output-on-failure \
    --output-junit "$report" "$@" > ".dev/log/$build.log" 2>&1
  count "$report" $?
  if [[ $suite_failed -gt 0 ]]; then grep -vE '^ *[0-9]+/[0-9]+ Test .* Passed|^ *Start +[0-9]+' ".dev/log/$build.log" | tail -200; fi
  echo "$suite_passed passed, $suite_failed failed, $suite_skipped skipped"
  passed=$((passed + suite_passed)) failed=$((failed + suite_failed))
}

# A run that counted no failure and yet went wrong (no tests, a crash of ctest) is a failure.
count() {
  local report=$1 status=$2
  suite_skipped=$(($(attribute skipped "$report") + $(attribute disabled "$report")))
  suite_failed=$(attribute failures "$report")
  suite_passed=$(($(attribute tests "$report") - suite_failed - suite_skipped))
  if [[ $suite_failed == 0 && ($status != 0 || $suite_passed == 0) ]]; then suite_failed=1; fi
}

attribute() {
  local value
  value=$(sed -n "/<testsuite /,/>/s/.*[[:space:]]$1=\"\([0-9]*\)\".*/\1/p" "$2" 2> /dev/null | head -1)
  echo "${value:-0}"
}

# What tests/known-red.txt names is left out aloud, never silently.
known_red() { grep -q "^$1[[:space:]]" tests/known-red.txt 2> /dev/null; }
known_red_tests() { sed -n 's|^\([a-z0-9]*/[^[:space:]]*\).*|\1|p' tests/known-red.txt 2> /dev/null | paste -sd'|'; }

unless_known_red() { # unless_known_red NAME COMMAND...
  if known_red "$1"; then
    heading "left out, known red: $(grep "^$1[[:space:]]" tests/known-red.txt)"
  else
    "${@:2}"
  fi
}

build() {
  local preset=$1
  shift
  cmake --preset "$preset" && ninja -C "build/$preset" "$@"
}

# Tested rooms that hold coroutines: GCC 12 frees some temporaries of a co_await expression twice, and only its own
# AddressSanitizer build shows it.
coroutine_rooms() {
  local room
  git grep --untracked -lE '\bco_(await|yield)\b' -- 'src/*.cc' 'src/*.h' 2> /dev/null |
    xargs -r -n 1 dirname | sort -u | while read -r room; do
    room=${room#src/}
    if [[ -f tests/unit/$room/CMakeLists.txt ]]; then echo "$room"; fi
  done
}

sanitizers() {
  export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1
  export UBSAN_OPTIONS=print_stacktrace=1
  if check "build with clang 19, address and undefined sanitizers" build asan; then
    suite "unit, simulator and API tests under the sanitizers" asan -R '^(unit|sim|integration/api)/'
  fi
  sanitize_coroutines
}

sanitize_coroutines() {
  local rooms targets
  mapfile -t rooms < <(coroutine_rooms)
  if [[ ${#rooms[@]} == 0 ]]; then
    heading "no room holds a coroutine, so there is nothing to run under GCC's address sanitizer"
    return 0
  fi
  targets=("${rooms[@]/#/test_unit_}")
  if check "build coroutine rooms with GCC and the address sanitizer" build asan-gcc "${targets[@]//\//_}"; then
    suite "coroutine rooms under GCC's address sanitizer" asan-gcc -R "^unit/($(IFS='|' && echo "${rooms[*]}"))/"
  fi
}

packaging/dev/setup.sh || { echo "0 passed, 1 failed"; exit 1; }
check "format" packaging/dev/lint.sh format
if check "build with GCC 12" build release; then
  check "each header alone" ninja -C build/release all_verify_interface_header_sets
  left_out=$(known_red_tests)
  [[ -z $left_out ]] || heading "left out, known red: $left_out"
  suite "all tests" release ${left_out:+-E "^($left_out)$"}
fi
unless_known_red sanitizers sanitizers
unless_known_red clang-tidy check "clang-tidy on changed files of src and apps" packaging/dev/lint.sh tidy
if [[ ${1:-} == --arm64 ]]; then
  if check "build the agent's rooms for arm64" packaging/dev/arm64.sh build; then
    suite "unit tests on arm64, emulated" arm64 -L '^unit$'
  fi
fi
heading "done"
[[ $passed -gt 0 ]] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
