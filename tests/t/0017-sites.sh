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
mkdir here there cloud
folder=$(pwd)

cat >s.dmsl <<TXT
component pair(label: string) {
  box one { label = label }
  disk two { uses = [box.one]  provider = cloud }
  output id = box.one.id
}
param label : string = "a"
stack s { provider = cloud }
provider cloud { folder = "$folder/here" }
provider cloud prod { folder = "$folder/there" }
box a { label = label }
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

test_expect_success 'the account is recorded, and another one refused' '
	git show dmsl/state:s.dmstate.json >out &&
	! grep providers out &&
	DMSL_CLOUD_ACCOUNT=1 "$DMSL" apply s.dmsl --set label=\"b\" --yes &&
	git show dmsl/state:s.dmstate.json >out &&
	test_contains out "\"cloud.prod\": \"account 1\"" \
		"\"cloud\": \"account 1\"" &&
	DMSL_CLOUD_ACCOUNT=1 "$DMSL" plan s.dmsl --set label=\"b\" \
		--detailed-exitcode &&
	for command in plan "apply --yes" "destroy --yes"; do
		test_must_fail env DMSL_CLOUD_ACCOUNT=2 "$DMSL" $command \
			s.dmsl 2>err || return 1
		test_contains err "account 1, and this is account 2" ||
			return 1
	done
'

test_expect_success 'the journal of a killed run knows its account, too' '
	{
		echo "stack k { provider = cloud }  slow e0 { }" &&
		for i in $(seq 30); do
			echo "slow e$i { uses = [slow.e$((i - 1))] }"
		done
	} >k.dmsl &&
	{
		DMSL_TEST_SPEED=1 DMSL_CLOUD_ACCOUNT=1 \
			"$DMSL" apply k.dmsl --yes >log 2>&1 &
		pid=$!
		for i in $(seq 100); do
			grep -qs accepted .git/dmsl/k/journal && break
			sleep 0.05
		done
		kill -KILL $pid
		wait $pid
		test_must_fail git show dmsl/state:k.dmstate.json
	} &&
	test_must_fail env DMSL_CLOUD_ACCOUNT=2 \
		"$DMSL" apply k.dmsl --yes 2>err &&
	test_contains err "account 1, and this is account 2" &&
	DMSL_CLOUD_ACCOUNT=1 "$DMSL" destroy k.dmsl --yes
'

test_expect_success 'all of it goes, everywhere' '
	export DMSL_CLOUD_ACCOUNT=1 &&
	"$DMSL" destroy s.dmsl --yes &&
	"$DMSL" cloud objects here >here.txt &&
	"$DMSL" cloud objects there >there.txt &&
	test ! -s here.txt && test ! -s there.txt
'

test_done
