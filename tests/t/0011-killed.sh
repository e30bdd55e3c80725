# SIGKILL of apply at random instants: the next run ends it, and the state is
# that of a run that nobody killed.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

test_repository .

{
	echo "stack k { provider = core }"
	i=0
	while test $i -lt 400; do
		echo "random_password p$i { length = 16 }"
		echo "data d$i { value = random_password.p$i.result }"
		i=$((i + 1))
	done
} >k.dmsl

addresses() {
	git show dmsl/state:k.dmstate.json | grep -v '"id":\|"uid":\|sealed'
}

test_expect_success 'a run that nobody kills' '
	"$DMSL" apply k.dmsl --yes &&
	addresses >expect &&
	"$DMSL" destroy k.dmsl --yes
'

test_expect_success 'forty that are killed, and one that is not' '
	seed=$(od -An -N2 -tu2 /dev/urandom | tr -d " ") &&
	echo "seed $seed" &&
	for i in $(seq 40); do
		"$DMSL" apply k.dmsl --yes >>log 2>&1 &
		pid=$!
		sleep "0.0$((10 + (seed + i * 37) % 80))"
		kill -KILL $pid 2>/dev/null
		wait $pid
	done
	"$DMSL" plan k.dmsl >out &&
	"$DMSL" apply k.dmsl --yes >>log 2>&1 &&
	addresses >actual &&
	test_cmp expect actual &&
	"$DMSL" plan k.dmsl --detailed-exitcode &&
	git fsck --strict &&
	git for-each-ref refs/dmsl >refs &&
	test_must_be_empty refs &&
	test_path_is_missing .git/dmsl/k/journal
'

test_expect_success 'an interrupt ends what runs and commits it' '
	"$DMSL" destroy k.dmsl --yes >/dev/null 2>&1 &&
	"$DMSL" apply k.dmsl --yes --parallel 1 >out 2>err &
	pid=$! &&
	sleep 0.05 &&
	kill -INT $pid
	wait $pid
	"$DMSL" apply k.dmsl --yes >>log 2>&1 &&
	addresses >actual &&
	test_cmp expect actual
'

test_expect_success 'of several applies at once one wins, the others say who' '
	"$DMSL" destroy k.dmsl --yes >/dev/null 2>&1 &&
	pids= &&
	for i in 1 2 3 4 5; do
		"$DMSL" apply k.dmsl --yes >out.$i 2>err.$i &
		pids="$pids $!"
	done &&
	won=0 &&
	for pid in $pids; do
		wait $pid && won=$((won + 1))
	done
	test $won -ge 1 &&
	addresses >actual &&
	test_cmp expect actual &&
	git fsck --strict
'

# As a full disk, for files of one size and more; the signal would end it.
test_expect_success 'a file that cannot grow is an error, and nothing is lost' '
	"$DMSL" destroy k.dmsl --yes >/dev/null 2>&1 &&
	for blocks in 2 16 80; do
		# What it says goes through a pipe: a file could not hold it.
		{
			( ulimit -f $blocks && "$DMSL" apply k.dmsl --yes )
			echo $? >status
		} 2>&1 | cat >out
		test "$(cat status)" = 1 || return 1
		grep "File too large" out || return 1
	done &&
	"$DMSL" apply k.dmsl --yes >>log 2>&1 &&
	addresses >actual &&
	test_cmp expect actual &&
	"$DMSL" plan k.dmsl --detailed-exitcode &&
	git fsck --strict
'

test_done
