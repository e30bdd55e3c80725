# Every code of a finding is explained, by examples that are run.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

test_expect_success 'every code has its page' '
	sed -n "s/^.*X(\"\([EW][0-9]*\)\".*/\1/p" "$DMSL_SRCDIR/lang/diag_codes.h" >expect &&
	test -s expect &&
	"$DMSL" explain | cut -c 1-5 >codes &&
	test_cmp expect codes
'

test_expect_success 'wrong examples give their code, right ones nothing' '
	python3 "$DMSL_SRCDIR/tests/explain.py" "$DMSL"
'

# A golden file, an example that is run, or a test that names it. A code that
# nothing gives any more needs none.
test_expect_success 'every code is shown by a test' '
	for code in $(cat codes); do
		grep -rqF "\"$code\"" "$DMSL_SRCDIR/lang" "$DMSL_SRCDIR/engine" \
			"$DMSL_SRCDIR/providers" --include="*.[chly]" \
			--exclude=diag_codes.h --exclude="explain*" || continue
		grep -rqF "$code" "$DMSL_SRCDIR/tests/lang" "$DMSL_SRCDIR/tests/unit" \
			"$DMSL_SRCDIR/tests/t" --exclude="*.sh.log" && continue
		"$DMSL" explain "$code" | grep -q "^Wrong:" && continue
		echo "$code is in no test"
	done >missing &&
	test_must_be_empty missing
'

test_expect_success 'a page says why and how' '
	"$DMSL" explain e0401 >page &&
	test_contains page "E0401: a subnet is outside its network" "Wrong:" "Right:" &&
	test_expect_code 1 "$DMSL" explain E9999 2>err &&
	test_contains err "dmsl explain lists them"
'

test_done
