# The harness of the shell tests, in git's vocabulary. A script sources it, runs
# test_expect_success for each case, and ends with test_done. Results are TAP.
# Each script runs in an empty folder of its own, TRASH/work, which is removed;
# what a test starts it stops itself, with test_when_finished.

test_count=0
test_failed=0
test_cleanup=:
test_atexit_commands=:
test_prereqs=' '

: "${DMSL_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${DMSL_BUILDDIR:=$DMSL_SRCDIR/build}"
DMSL=$DMSL_BUILDDIR/dmsl

# Nothing of the caller's settings may change what a test sees.
unset DMSL_STATE_KEY DMSL_STATE_KEY_FILE DMSL_TEST_TIME NO_COLOR
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
GIT_CONFIG_NOSYSTEM=1
GIT_CONFIG_GLOBAL=/dev/null
export GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL
LC_ALL=C.UTF-8
export LC_ALL

TRASH=$(mktemp -d "${TMPDIR:-/tmp}/dmsl-test.XXXXXX") || exit 1
HOME=$TRASH/home
export HOME
mkdir "$HOME" "$TRASH/work"
chmod 755 "$TRASH"
cd "$TRASH/work" || exit 1

test_exit() {
	code=$?
	eval "$test_cleanup"
	eval "$test_atexit_commands"
	cd / && rm -rf "$TRASH"
	exit "$code"
}
trap test_exit EXIT
trap 'exit 1' INT TERM HUP

# test_when_finished COMMAND: run after the current case, or at the exit.
test_when_finished() {
	test_cleanup="{ $*
} ; $test_cleanup"
}

# test_atexit COMMAND: run at the end of the script, the last given first.
test_atexit() {
	test_atexit_commands="{ $*
} ; $test_atexit_commands"
}

# test_set_prereq NAME; test_have_prereq NAME
test_set_prereq() {
	test_prereqs="$test_prereqs$1 "
}
test_have_prereq() {
	case $test_prereqs in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# A function of its own, so that a script may end with "return 1".
test_run_() {
	eval "$1" >"$TRASH/.log" 2>&1
}

# test_expect_success [PREREQ] TITLE SCRIPT: the script runs in this shell; its
# commands are joined by &&, so that the first that fails ends it. Without the
# prerequisite it is left out, and the reason is said.
test_expect_success() {
	if test $# = 3; then
		if ! test_have_prereq "$1"; then
			test_skip "$2" "missing $1"
			return
		fi
		shift
	fi
	test_count=$((test_count + 1))
	test_run_ "$2"
	test_result=$?
	if test $test_result = 0; then
		echo "ok $test_count - $1"
	else
		test_failed=$((test_failed + 1))
		echo "not ok $test_count - $1"
		tail -n 60 "$TRASH/.log" | sed 's/^/#   /'
	fi
	eval "$test_cleanup" >/dev/null 2>&1
	test_cleanup=:
}

# test_skip TITLE REASON
test_skip() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

# test_must_fail COMMAND...: fails, but is not killed by a signal.
test_must_fail() {
	"$@"
	code=$?
	if test $code = 0; then
		echo "should have failed: $*"
		return 1
	elif test $code -gt 128 && test $code -le 192; then
		echo "killed by signal $((code - 128)): $*"
		return 1
	fi
}

# test_expect_code N COMMAND...
test_expect_code() {
	want=$1
	shift
	"$@"
	code=$?
	test $code = "$want" && return 0
	echo "exit status $code, expected $want: $*"
	return 1
}

# test_cmp EXPECT ACTUAL: shows what differs.
test_cmp() {
	diff -u "$1" "$2"
}

# test_contains FILE TEXT...: each text stands in the file.
test_contains() {
	file=$1
	shift
	for text; do
		grep -qF -e "$text" "$file" && continue
		echo "\"$text\" is not in $file:"
		cat "$file"
		return 1
	done
}

# test_lacks FILE TEXT...
test_lacks() {
	file=$1
	shift
	for text; do
		grep -qF -e "$text" "$file" || continue
		echo "\"$text\" is in $file:"
		grep -nF -e "$text" "$file"
		return 1
	done
}

test_must_be_empty() {
	test -s "$1" || return 0
	echo "$1 should be empty:"
	cat "$1"
	return 1
}

test_path_is_missing() {
	test -e "$1" || test -L "$1" || return 0
	echo "$1 should not be there"
	return 1
}

# test_repository FOLDER: a git repository to keep stacks in.
test_repository() {
	git init -q "$1" &&
	git -C "$1" config user.name Tester &&
	git -C "$1" config user.email tester@example.org
}

test_done() {
	echo "1..$test_count"
	test $test_failed = 0
	exit
}
