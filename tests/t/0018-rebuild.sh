# What is there outside and not in the state: import, state recover.
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

cat >s.dmsl <<\TXT
component pair(of: box) { disk d { uses = [of] }  net n { uses = [disk.d] } }
stack s { provider = cloud }
box a for k in ["x y", "z"] { label = k }
pair p { of = box.a["z"] }
slow e { uses = [pair.p.net] }
job j { work = "rows" }
net u {
  sees = job.j.arn
  lifecycle { replace_when = [box.a["z"].id] }
}
output id = box.a["z"].id
TXT
sed -i 's/ } }$/ }  output net = net.n }/' s.dmsl

lose() {
	git show dmsl/state:s.dmstate.json >before &&
	git update-ref -d refs/heads/dmsl/state
}

test_expect_success 'a state that is not lost is left alone' '
	"$DMSL" apply s.dmsl --yes &&
	test_must_fail "$DMSL" state recover s.dmsl --yes 2>err &&
	test_contains err "is not lost: it has 7 resources"
'

test_expect_success 'a lost state comes back, but for what has no marks' '
	lose &&
	"$DMSL" state recover s.dmsl --yes >out &&
	test_contains out "Found 6 objects" \
		"dmsl import s.dmsl" "job.j" &&
	git show dmsl/state:s.dmstate.json >after &&
	python3 -c "import json, sys
old, new = [json.load(open(f)) for f in sys.argv[1:]]
del old[\"resources\"][\"job.j\"]
assert old == new, (old, new)" before after &&
	git log -1 --format=%s dmsl/state >out &&
	test_contains out "Recover the state of s"
'

test_expect_success 'a plan of the same text makes only what was not found' '
	"$DMSL" plan s.dmsl >out &&
	test_contains out "job.j" "1 to create, 1 to change, 0 to destroy"
'

test_expect_success 'that is imported, and then there is nothing to do' '
	id=$(sed -n "s/.*\"id\": \"\(job-[^\"]*\)\".*/\1/p" before) &&
	"$DMSL" import s.dmsl job.j "$id" --yes >out &&
	test_contains out "imported" "$id" &&
	"$DMSL" plan s.dmsl >out &&
	! grep "to create" out &&
	"$DMSL" cloud objects cloud >objects &&
	test "$(grep -c . objects)" = 7
'

test_expect_success 'what is not there, or not declared, is not imported' '
	test_must_fail "$DMSL" import s.dmsl box.q box-1 --yes 2>err &&
	test_contains err "box.q" &&
	"$DMSL" state list s.dmsl >addresses &&
	echo "box b { }" >>s.dmsl &&
	test_must_fail "$DMSL" import s.dmsl box.b box-none --yes 2>err &&
	test_contains err "E0316" "no box" &&
	sed -i "/^box b/d" s.dmsl &&
	"$DMSL" state list s.dmsl >now &&
	test_cmp addresses now
'

test_expect_success 'what is not declared any more is found, and told' '
	lose &&
	grep -v "^slow" s.dmsl >t && mv s.dmsl keep && mv t s.dmsl &&
	"$DMSL" state recover s.dmsl --yes >out &&
	mv keep s.dmsl &&
	test_contains out "Not declared" "slow.e" "Found 6 objects"
'

test_expect_success 'of two stacks of one name one must be chosen' '
	lose &&
	uid=$(sed -n "s/.*\"uid\": \"\(.*\)\".*/\1/p" before) &&
	mkdir other && (
		cd other && test_repository . &&
		echo "stack s { provider = cloud }  box o { }" >s.dmsl &&
		DMSL_CLOUD=../cloud "$DMSL" apply s.dmsl --yes
	) &&
	test_must_fail "$DMSL" state recover s.dmsl --yes 2>err &&
	test_contains err "2 stacks named" "$uid" "--uid" &&
	test_must_fail git rev-parse dmsl/state &&
	test_must_fail "$DMSL" state recover s.dmsl --uid 0123456789abcdef \
		--yes 2>err &&
	test_contains err "no object belongs" &&
	"$DMSL" state recover s.dmsl --uid "$uid" --yes >out &&
	test_contains out "Found 6 objects" "$uid"
'

test_done
