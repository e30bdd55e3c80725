#!/bin/sh
# The whole suite: the tests of three builds, the style checks and the end-to-end
# run of the demo. Ends with "N passed, N failed". Run by ./bootstrap check.
set -u
cd "$(dirname "$0")/.." || exit

passed=0
failed=0
skipped=0
jobs=$(nproc 2>/dev/null || echo 2)

say() { printf '%s\n' "check: $*"; }

# Whether a folder is in memory, with room for what two tests write at once, and
# lets programs be run: many tests wait for the disk most of their time.
is_fast() {
  [ "$(df -Pk "$1" 2>/dev/null | awk '$1 == "tmpfs" { print ($4 > 4 * 1024 * 1024) }')" = 1 ] &&
    [ "$(awk '$1 == "MemAvailable:" { print ($2 > 8 * 1024 * 1024) }' /proc/meminfo)" = 1 ] &&
    try=$(mktemp "$1/dmsl-check-XXXXXX") || return 1
  printf '#!/bin/sh\n' >"$try" && chmod +x "$try" && "$try" 2>/dev/null
  result=$?
  rm -f "$try"
  return $result
}

if [ -z "${TMPDIR-}" ] && is_fast /dev/shm; then
  say "the tests' files are in /dev/shm; TMPDIR=/tmp has them on the disk"
  TMPDIR=/dev/shm
  export TMPDIR
fi

# Adds the counts of automake's test summary in a log.
count() {
  passed=$((passed + $(sed -n 's/^# PASS: *//p' "$1" | awk '{ n += $1 } END { print n + 0 }')))
  failed=$((failed + $(sed -n 's/^# \(FAIL\|ERROR\|XPASS\): *//p' "$1" | awk '{ n += $1 } END { print n + 0 }')))
  skipped=$((skipped + $(sed -n 's/^# SKIP: *//p' "$1" | awk '{ n += $1 } END { print n + 0 }')))
}

# one NAME COMMAND...: a check that passes or fails as a whole.
one() {
  name=$1
  shift
  start=$(date +%s)
  if "$@" >"check-$name.log" 2>&1; then
    passed=$((passed + 1))
    say "$name: passed in $(($(date +%s) - start)) s"
  else
    failed=$((failed + 1))
    say "$name: FAILED, the end of check-$name.log:"
    tail -n 40 "check-$name.log"
  fi
}

# suite FOLDER LEFT-OUT CONFIGURE-ARGUMENTS...: make check in a build of its own,
# without these lists of tests/local.mk.
suite() {
  folder=$1
  left_out=
  for list in $2; do
    left_out="$left_out $list="
  done
  shift 2
  start=$(date +%s)
  mkdir -p "$folder"
  if ! { [ -e "$folder/Makefile" ] || (cd "$folder" && ../configure -q "$@"); } >"$folder/check.log" 2>&1 ||
    ! make -C "$folder" -s -j "$jobs" >>"$folder/check.log" 2>&1; then
    failed=$((failed + 1))
    say "$folder: does not build, the end of $folder/check.log:"
    tail -n 40 "$folder/check.log"
    return
  fi
  # shellcheck disable=SC2086 # a list of words
  make -C "$folder" -s -k -j "$jobs" check $left_out >>"$folder/check.log" 2>&1
  count "$folder/check.log"
  if grep -q '^# TOTAL:' "$folder/check.log"; then
    say "$folder: $(grep -c '^PASS:' "$folder/check.log") passed," \
      "$(grep -c '^\(FAIL\|ERROR\|XPASS\):' "$folder/check.log") failed in $(($(date +%s) - start)) s"
    grep -E '^(FAIL|ERROR|XPASS|SKIP):' "$folder/check.log"
    # What the failed ones said: on a machine that is gone nobody can look.
    sed -n 's/^\(FAIL\|ERROR\|XPASS\): \([^ ]*\).*/\2/p' "$folder/check.log" | sort -u |
      while read -r script; do
        say "$script: the end of its log:"
        tail -n 40 "$folder/${script%.sh}.log"
      done
  else
    failed=$((failed + 1))
    say "$folder: make check did not get to its end:"
    tail -n 40 "$folder/check.log"
  fi
}

suite build ''
suite build-asan 'aws_scenarios aws_tests same_again' --enable-asan --enable-ubsan CFLAGS='-g -O1'
one headers make -C build -s check-headers
one layers make -C build -s check-layers
one lexer make -C build -s check-lexer
one man make -C build -s check-man
one style make -C build -s check-style
one shell make -C build -s check-shell
one demo sh tests/demo.sh
# The suite has run; the archive must build, test and install at all. It does so
# with clang, whose warnings need no optimising.
one distcheck make -C build -s -j "$jobs" distcheck \
  DISTCHECK_CONFIGURE_FLAGS='CC=clang CFLAGS=-O0' \
  AM_MAKEFLAGS="TESTS='tests/unit/base tests/unit/lang_golden tests/t/0001-usage.sh tests/t/0002-validate.sh'"

if [ "$skipped" -gt 0 ]; then
  say "$skipped skipped"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
