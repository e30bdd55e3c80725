# Wrong usage says what is right and exits with 64; help is on standard output.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

test_expect_success 'no command: the list of commands on standard error' '
	test_expect_code 64 "$DMSL" >out 2>err &&
	test_contains err "usage: dmsl COMMAND" validate &&
	test ! -s out
'

test_expect_success 'help lists the commands on standard output' '
	"$DMSL" --help >out &&
	"$DMSL" help >out2 &&
	test_cmp out out2 &&
	for command in plan apply destroy validate show output "state list" \
		"state show" "task list" "task start" "task reload" "task stats" psql version help; do
		test_contains out "  $command " || return 1
	done
'

test_expect_success 'every command has help with its options' '
	for command in plan apply destroy validate show output "state list" \
		"state show" "task list" "task start" "task reload" "task stats" psql version; do
		"$DMSL" $command --help >out &&
		test_contains out "usage: dmsl $command" "--color WHEN" &&
		"$DMSL" help $command >out2 &&
		test_cmp out out2 || return 1
	done
'

test_expect_success 'help of help, and of the commands that have one word in common' '
	"$DMSL" help >out &&
	"$DMSL" help --help >out2 &&
	test_cmp out out2 &&
	"$DMSL" state --help >out &&
	"$DMSL" help state >out2 &&
	test_contains out "dmsl state list" "dmsl state show" &&
	test_cmp out out2
'

test_expect_success 'wrong usage exits with 64' '
	test_expect_code 64 "$DMSL" paln 2>err &&
	test_contains err "there is no command \"paln\"" \
		"Did you mean \"plan\"?" &&
	test_expect_code 64 "$DMSL" state 2>err &&
	test_contains err "usage: dmsl state list" "usage: dmsl state show" &&
	test_expect_code 64 "$DMSL" state lst x >out 2>err &&
	test_contains err "there is no command \"state lst\"" &&
	test_must_be_empty out &&
	test_expect_code 64 "$DMSL" --verbose 2>err &&
	test_expect_code 64 "$DMSL" plan 2>err &&
	test_contains err "too few operands" "usage: dmsl plan" &&
	test_expect_code 64 "$DMSL" plan a b 2>err &&
	test_contains err "too many operands" &&
	test_expect_code 64 "$DMSL" plan --jsn a 2>err &&
	test_contains err "unrecognised option \"--jsn\"" &&
	test_expect_code 64 "$DMSL" plan a --set on 2>err &&
	test_contains err "option --set takes NAME=VALUE" &&
	test_expect_code 64 "$DMSL" local status 2>err &&
	test_contains err "local status: too few operands" &&
	test_expect_code 64 "$DMSL" apply --parallel none a 2>err &&
	test_contains err "--parallel takes a whole number" &&
	test_expect_code 64 "$DMSL" version --color=sometimes 2>err &&
	test_contains err "auto, always or never"
'

test_expect_success 'version, in each form' '
	"$DMSL" version >out &&
	"$DMSL" --version >out2 &&
	test_cmp out out2 &&
	grep "^dmsl [0-9]" out &&
	"$DMSL" --color=never version
'

test_expect_success 'a reader that went away is no crash' '
	{ "$DMSL" help; echo $? >code; } | true &&
	read -r code <code && test "$code" -lt 2
'

test_expect_success 'an output that cannot be written is an error, long or short' '
	"$DMSL" docs --json dms_task >long && test "$(wc -c <long)" -gt 4096 &&
	for command in version "docs --json dms_task"; do
		# shellcheck disable=SC2086 # words
		test_expect_code 1 "$DMSL" $command >/dev/full 2>err &&
		test_contains err "could not write all of the output" || return 1
	done
'

test_done
