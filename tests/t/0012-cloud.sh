# The engine against a service that is slow, forgetful and unwilling.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

DMSL=$DMSL_BUILDDIR/tests/dmsl-test
DMSL_TEST_SPEED=50
export DMSL_TEST_SPEED

if ! test -x "$DMSL"; then
	test_skip 'all of it' 'dmsl-test was not built'
	test_done
fi

test_repository .
mkdir cloud

cat >c.dmsl <<\TXT
param size : number = 1
stack c { provider = cloud }
random_password pw { length = 20 }
box a { size = size  secret = random_password.pw.result }
disk b { uses = [box.a]  sees = box.a.stamp }
net c { uses = [box.a, disk.b]  sees = { name = disk.b.name } }
job d { work = "rows"  uses = [net.c] }
slow e { uses = [net.c] }
output pw = random_password.pw.result
TXT

# calls PATTERN: how many requests of the service's log fit.
calls() {
	cat cloud/calls.* | grep -c "$1"
}

# fault LINE...: what the service does wrong from now on.
fault() {
	printf '%s\n' "$@" >cloud/faults
}

over() {
	"$DMSL" destroy c.dmsl --yes &&
	rm -rf cloud && mkdir cloud
}

test_expect_success 'a plan shows effects and asks the service for nothing' '
	test_expect_code 2 "$DMSL" plan c.dmsl --detailed-exitcode >out &&
	test_contains out "load rows into job.d" "6 to create" &&
	test_must_fail ls cloud/calls.000001
'

test_expect_success 'apply makes everything once, slow things too' '
	"$DMSL" apply c.dmsl --yes &&
	test "$(calls "\"made\"")" = 5 &&
	"$DMSL" cloud objects cloud >objects &&
	test "$(grep -c available objects)" = 5 &&
	"$DMSL" plan c.dmsl --detailed-exitcode
'

test_expect_success 'no secret is in what the program wrote' '
	"$DMSL" apply c.dmsl --set size=3 --yes >out 2>&1 &&
	"$DMSL" plan c.dmsl --set size=4 --json >>out &&
	"$DMSL" plan c.dmsl --set size=4 >>out &&
	"$DMSL" state show c.dmsl random_password.pw >>out &&
	git show dmsl/state >>out &&
	cat cloud/calls.* >>out &&
	cat .git/dmsl/c/plan >>out &&
	test_contains out "(secret)" "sealed" "digest" &&
	"$DMSL" output c.dmsl pw --reveal >secret &&
	grep -E "^.{20}$" secret &&
	test_lacks out "$(cat secret)"
'

test_expect_success 'what is in use is not destroyed' '
	id=$("$DMSL" cloud objects cloud | sed -n "s/.*\"id\":\"\(box[^\"]*\)\".*/\1/p") &&
	test_must_fail "$DMSL" cloud delete cloud "$id" 2>err &&
	test_contains err "in use" &&
	over
'

for kind in lost timeout throttled unavailable; do
	test_expect_success "requests that end with $kind are repeated, once done" '
		fault "rule create * '$kind' 1" "rule update * '$kind' 2" \
			"rule run * '$kind' 1" "rule destroy * '$kind' 1" &&
		"$DMSL" apply c.dmsl --yes &&
		"$DMSL" apply c.dmsl --set size=2 --yes &&
		test "$(calls "\"made\"")" = 5 &&
		test "$(calls "\"fault\":\"'$kind'\"")" -ge 8 &&
		"$DMSL" cloud objects cloud >objects &&
		test_contains objects "\"runs\":1" &&
		fault "rule destroy * '$kind' 1" &&
		over
	'
done

test_expect_success 'an object that is there but not whole is replaced' '
	fault "rule create box.a late 1" &&
	test_expect_code 1 "$DMSL" apply c.dmsl --yes 2>err &&
	test_contains err "the cloud says late" &&
	fault &&
	"$DMSL" apply c.dmsl --yes >out &&
	test_contains out "its creation did not finish" &&
	"$DMSL" cloud objects cloud >objects &&
	test "$(grep -c "\"type\":\"box\"" objects)" = 1 &&
	"$DMSL" plan c.dmsl --detailed-exitcode &&
	over
'

test_expect_success 'an outcome that nobody knows is found out first' '
	fault "rule create net.c lost 1" "rule search net.c unavailable 5" &&
	test_expect_code 1 "$DMSL" apply c.dmsl --yes 2>err &&
	test_contains err "is not known, so nothing was committed" &&
	"$DMSL" plan c.dmsl >out &&
	cat out &&
	fault "rule search net.c denied 99" &&
	test_expect_code 1 "$DMSL" apply c.dmsl --yes 2>err &&
	test_contains err "is not known, so nothing was committed" &&
	fault &&
	"$DMSL" apply c.dmsl --yes &&
	test "$(calls "\"made\":\"net")" = 1 &&
	"$DMSL" plan c.dmsl --detailed-exitcode &&
	over
'

test_expect_success 'a step that is refused stops what needs it, not the rest' '
	fault "rule create disk.b denied 9" &&
	test_expect_code 1 "$DMSL" apply c.dmsl --yes >out 2>err &&
	test_contains out "1 failed, 3 left out" &&
	"$DMSL" state list c.dmsl >list &&
	test_contains list box.a &&
	test_lacks list disk.b net.c &&
	fault &&
	"$DMSL" apply c.dmsl --yes &&
	"$DMSL" plan c.dmsl --detailed-exitcode
'

test_expect_success 'what others changed or deleted is put right' '
	for type in box slow; do
		id=$("$DMSL" cloud objects cloud |
			sed -n "s/.*\"id\":\"\($type[^\"]*\)\".*/\1/p") &&
		"$DMSL" cloud set cloud "$id" size 9 || return 1
	done &&
	"$DMSL" cloud delete cloud "$id" &&
	"$DMSL" plan c.dmsl >out &&
	test_contains out "9 -> 1" &&
	"$DMSL" apply c.dmsl --yes &&
	"$DMSL" plan c.dmsl --detailed-exitcode &&
	over
'

test_expect_success 'what only steers dmsl and is taken out of the text leaves the state' '
	cat >w.dmsl <<-\TXT &&
	stack w { provider = cloud }
	job a { work = "rows" }
	TXT
	"$DMSL" apply w.dmsl --yes &&
	git show dmsl/state:w.dmstate.json >state &&
	test_contains state "\"work\"" &&
	printf "%s\n" "stack w { provider = cloud }" "job a {}" "box b {}" >w.dmsl &&
	"$DMSL" apply w.dmsl --yes &&
	git show dmsl/state:w.dmstate.json >state &&
	test_lacks state "\"work\"" &&
	"$DMSL" plan w.dmsl --detailed-exitcode &&
	"$DMSL" destroy w.dmsl --yes
'

# The service hears, and does not answer anybody while its lock is held.
silent() {
	: >>cloud/lock &&
	mkfifo held &&
	{ flock cloud/lock sh -c 'echo >held; exec sleep 120' & } &&
	holder=$! &&
	read -r _ <held &&
	rm held
}

heard() {
	# The sleep is what flock has started; it goes with the lock.
	for sleeper in $(ps -o pid= --ppid "$holder"); do
		kill "$sleeper"
	done
	wait "$holder" 2>/dev/null || :
}

test_expect_success 'a refresh that nothing answers ends, and says so' '
	"$DMSL" apply c.dmsl --yes &&
	silent &&
	status=0 &&
	DMSL_TEST_SPEED=200 timeout -s KILL 60 "$DMSL" plan c.dmsl >out 2>err || status=$?
	heard &&
	test "$status" = 1 &&
	grep "no provider has answered for 300 s" err &&
	test_path_is_missing .git/dmsl/c/plan
'

test_expect_success 'so does an apply, which gives the lease back' '
	silent &&
	status=0 &&
	DMSL_TEST_SPEED=200 timeout -s KILL 60 "$DMSL" apply c.dmsl --set size=2 --yes >out 2>err || status=$?
	heard &&
	test "$status" = 1 &&
	grep "no provider has answered for 300 s" err &&
	test_path_is_missing .git/refs/dmsl/lease/c &&
	test_path_is_missing .git/dmsl/c/journal &&
	"$DMSL" apply c.dmsl --set size=2 --yes &&
	over
'

test_done
