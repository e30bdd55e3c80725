# Many at once: plans during an apply show what was before it or what is after,
# never a mix; of several applies of plans of one base exactly one is done.
# DMSL_TEST_PLANS and DMSL_TEST_ROUNDS: how many (20 and 5; 100 and 50 in full).
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

plans=${DMSL_TEST_PLANS:-20}
rounds=${DMSL_TEST_ROUNDS:-5}

test_repository .

# Each value goes on to the next, so that a half of a state would show.
{
	echo 'param v : string = "0"'
	echo 'stack c { provider = core }'
	echo 'data d0 { value = v }'
	for i in $(seq 400); do
		echo "data d$i { value = [v, data.d$((i - 1)).value[0]] }"
	done | sed 's/data\.d0\.value\[0\]/data.d0.value/'
} >c.dmsl

# What a plan shows, without how long it took.
shown() {
	sed 's/[0-9][0-9]* ms/T/; s/[0-9.]* s$/T/' "$1"
}

test_expect_success 'something to start from' '
	"$DMSL" apply c.dmsl --yes &&
	"$DMSL" plan c.dmsl --set v=1 >before.out &&
	shown before.out >before &&
	test_contains before "401 to change"
'

# look_at N: the Nth plan of those that ran meanwhile.
look_at() {
	if test "$(cat "seen/$1.status")" != 0; then
		cat "seen/$1.err"
		return 1
	fi
	shown "seen/$1" >one
	if cmp -s one before; then
		n_before=$((n_before + 1))
	elif cmp -s one after; then
		n_after=$((n_after + 1))
	else
		diff before one | head -20
		return 1
	fi
}

plans_during_an_apply() {
	mkdir seen
	pids=
	for i in $(seq "$plans"); do
		{
			"$DMSL" plan c.dmsl --set v=1 >"seen/$i" \
				2>"seen/$i.err"
			echo $? >"seen/$i.status"
		} &
		pids="$pids $!"
		if test "$i" = $((plans / 3 + 1)); then
			"$DMSL" apply c.dmsl --set v=1 --yes >applied 2>&1 &
			apply=$!
		fi
	done
	# shellcheck disable=SC2086 # a list
	wait $pids
	wait "$apply" || return 1
	"$DMSL" plan c.dmsl --set v=1 >after.out || return 1
	shown after.out >after
	n_before=0 n_after=0
	for i in $(seq "$plans"); do
		look_at "$i" || return 1
	done
	echo "# $n_before saw what was before, $n_after what is after" >&3
}
exec 3>&1

test_expect_success "$plans plans during an apply" '
	plans_during_an_apply &&
	test_contains after "No changes"
'

# one_round VALUE: twenty plans of one base, with a value of their own each, are
# applied at once.
one_round() {
	base=$(git rev-parse dmsl/state) &&
	for k in $(seq 20); do
		"$DMSL" plan c.dmsl --set "v=$1-$k" --out "plan$k" >/dev/null ||
			return 1
	done &&
	pids= &&
	for k in $(seq 20); do
		{
			"$DMSL" apply "plan$k" >"out$k" 2>"err$k"
			echo $? >"status$k"
		} &
		pids="$pids $!"
	done &&
	{ wait $pids || :; } &&
	winner= &&
	for k in $(seq 20); do
		case $(cat "status$k") in
		0) winner="$winner$k" ;;
		1) test -s "err$k" || return 1 ;;
		*) cat "err$k"; return 1 ;;
		esac
	done &&
	echo "round $1: $winner" &&
	test "$(git rev-parse dmsl/state^)" = "$base" &&
	"$DMSL" plan c.dmsl --set "v=$1-$winner" >out &&
	test_contains out "No changes" &&
	git for-each-ref refs/dmsl >refs &&
	test_must_be_empty refs
}

all_rounds() {
	for r in $(seq "$rounds"); do
		one_round "$r" || return 1
	done
}

test_expect_success "of 20 applies of one base one is done, $rounds times" '
	all_rounds
'

# A reader that is held up: when it has read the state, one run ends and another
# begins, so that the journal that it finds is not of the state that it has. The
# pipe holds it up: opening it waits for the reader.
half_a_run() {
	printf "rule update box.b throttled 99\n" >cloud/faults &&
	{ "$DMSL" apply b.dmsl --set v=3 --yes >/dev/null 2>&1 & } &&
	pid=$! &&
	until grep -q "\"kind\":\"done\"" .git/dmsl/b/journal 2>/dev/null; do
		kill -0 $pid || return 1
		sleep 0.05
	done &&
	kill -KILL $pid &&
	{ wait $pid || rm cloud/faults; }
}

# Whatever becomes of it, the pipe is opened.
held_up() {
	"$DMSL" show b.dmsl --detail=full
	cat .git/dmsl/b/journal 2>/dev/null || :
}

if test -x "$DMSL_BUILDDIR/tests/dmsl-test"; then
	test_set_prereq CLOUD
fi
test_expect_success CLOUD 'a state is not shown with the journal of a later run' '
	DMSL=$DMSL_BUILDDIR/tests/dmsl-test &&
	mkdir cloud &&
	printf "%s\n" "param v : number = 1" "stack b { provider = cloud }" \
		"box a { size = v }" "box b { size = v  uses = [box.a] }" >b.dmsl &&
	"$DMSL" apply b.dmsl --yes &&
	cp -a .git first.git && cp -a cloud first.cloud &&
	"$DMSL" apply b.dmsl --set v=2 --yes &&
	"$DMSL" show b.dmsl --detail=full >second &&
	half_a_run &&
	cp .git/dmsl/b/journal journal &&
	"$DMSL" show b.dmsl --detail=full >third &&
	test_must_fail test_cmp second third &&
	rm -rf .git cloud && mv first.git .git && mv first.cloud cloud &&
	mkfifo .git/dmsl/b/journal &&
	{ held_up >held 2>&1 & } &&
	pid=$! &&
	exec 7>.git/dmsl/b/journal &&
	rm .git/dmsl/b/journal &&
	"$DMSL" apply b.dmsl --set v=2 --yes 7>&- &&
	cat journal >&7 &&
	exec 7>&- &&
	wait $pid &&
	test_cmp second held
'

test_done
