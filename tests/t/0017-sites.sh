# One stack at several accounts: provider NAME LABEL and `provider` in blocks.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

DMSL=$DMSL_BUILDDIR/tests/dmsl-test
DMSL_TEST_SPEED=50
export DMSL_TEST_SPEED

if ! test -x "$DMSL"; then
	test_skip 'all of it' 'dmsl-test was not built'
	test_done
fi

test_repository .
mkdir here there
folder=$(pwd)

cat >s.dmsl <<TXT
component pair(label: string) {
  box one { label = label }
  disk two { uses = [box.one]  provider = cloud }
  output id = box.one.id
}
stack s { provider = cloud }
provider cloud { folder = "$folder/here" }
provider cloud prod { folder = "$folder/there" }
box a { label = "a" }
net b { provider = cloud.prod  uses = [box.a] }
pair p { provider = cloud.prod  label = "p" }
pair q { label = box.a.stamp }
output p = pair.p.id
TXT

test_expect_success 'each block is served where it says, and inside it' '
	"$DMSL" apply s.dmsl --yes &&
	"$DMSL" cloud objects here >here.txt &&
	"$DMSL" cloud objects there >there.txt &&
	test "$(grep -c . here.txt)" = 4 && test "$(grep -c . there.txt)" = 2 &&
	grep -q "^box\|box" there.txt && grep -q net there.txt &&
	"$DMSL" state show s.dmsl net.b --json >out && test_contains out "cloud.prod"
'

test_expect_success 'a plan of the same text has nothing to do' '
	"$DMSL" plan s.dmsl --detailed-exitcode
'

test_expect_success 'what moves to another account is refused, with both named' '
	sed "s/^net b { provider = cloud.prod /net b {/" s.dmsl >t.dmsl &&
	mv s.dmsl keep && mv t.dmsl s.dmsl &&
	test_must_fail "$DMSL" plan s.dmsl 2>err &&
	mv keep s.dmsl &&
	test_contains err "E0313" "cloud.prod" "net.b"
'

test_expect_success 'a block that is still needed is asked for' '
	sed -e "/^provider cloud prod/d" -e "s/provider = cloud.prod//" \
		-e "/^net b/d" -e "/^pair p/d" -e "/^output p/d" s.dmsl >t &&
	mv s.dmsl keep && mv t s.dmsl &&
	test_must_fail "$DMSL" plan s.dmsl 2>err &&
	mv keep s.dmsl &&
	test_contains err "cloud.prod\" is not configured any more"
'

test_expect_success 'mistakes are shown at their words' '
	sed "s/= cloud.prod/= cloud.prd/" s.dmsl >bad.dmsl &&
	test_must_fail "$DMSL" validate bad.dmsl 2>err &&
	test_contains err "E0310" "there is no provider \"prd\"" "prod" &&
	sed "s/provider = cloud.prod/provider = \"x\"/" s.dmsl >bad.dmsl &&
	test_must_fail "$DMSL" validate bad.dmsl 2>err &&
	test_contains err "E0310" "is the name of a provider" &&
	sed "s/^provider cloud {/provider cloud prod {/" s.dmsl >bad.dmsl &&
	test_must_fail "$DMSL" validate bad.dmsl 2>err &&
	test_contains err E0202 "declared twice"
'

test_expect_success 'all of it goes, everywhere' '
	"$DMSL" destroy s.dmsl --yes &&
	"$DMSL" cloud objects here >here.txt &&
	"$DMSL" cloud objects there >there.txt &&
	test ! -s here.txt && test ! -s there.txt
'

test_done
