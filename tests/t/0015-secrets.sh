#!/bin/sh
# No secret in any byte that plan, apply, journal and state write: a sentinel is
# given wherever a resource can hold one, by a param and by what is made of it.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

DMSL=$DMSL_BUILDDIR/tests/dmsl-test
DMSL_TEST_SPEED=50
SECRET='Sen+tinel%42pass'
DMSL_PARAM_pass=$SECRET
# Outside: the service is told the secrets, and may know them.
DMSL_CLOUD=$TRASH/cloud
export DMSL_TEST_SPEED DMSL_PARAM_pass DMSL_CLOUD SECRET

if ! test -x "$DMSL"; then
	test_skip 'all of it' 'dmsl-test was not built'
	test_done
fi
if ! command -v python3 >/dev/null; then
	test_skip 'all of it' 'python3 is missing'
	test_done
fi

find_secret() {
	python3 "$DMSL_SRCDIR/tests/find-secret.py" "$@"
}

# digests TEXT: none of them may be anywhere, or who guesses the secret is sure.
digests() {
	printf %s "$1" | sha256sum | cut -d' ' -f1
	printf '"%s"' "$1" | sha256sum | cut -d' ' -f1
	printf '%s\n' "$1" | sha256sum | cut -d' ' -f1
}

# keep COMMAND...: what it says goes into out/, whatever becomes of it.
count=0
keep() {
	count=$((count + 1))
	"$@" >"out/$count.out" 2>"out/$count.err" </dev/null
}

test_repository .
mkdir out "$DMSL_CLOUD"

cat >c.dmsl <<\TXT
param pass : string secret
param size : number = 1
param label : string = "plain"
stack c { provider = cloud }
let url = "https://u:${pass}@example.org/"
random_password pw { length = 24 }
box a { size = size  label = pass  secret = pass }
box b { size = size  secret = random_password.pw.result  sees = { a = [pass, url] } }
disk c { name = pass  uses = [box.a]  sees = url }
net d { size = size  label = label  sees = "${pass} ${random_password.pw.result}"
  lifecycle { replace_when = [pass]  create_before_destroy = true } }
job e { work = pass  uses = [net.d]  size = size }
slow f { sees = url  uses = [box.b]  size = size }
data g { value = { deep = [pass] } }
output url = url
output pw = random_password.pw.result
TXT
printf '{"size": 2, "label": "other"}\n' >p.json

test_expect_success 'plan and apply, shown in every way' '
	keep "$DMSL" plan c.dmsl &&
	keep "$DMSL" plan c.dmsl --detail=full --json &&
	keep "$DMSL" plan c.dmsl --detail=full --out=out/saved &&
	keep "$DMSL" show out/saved &&
	keep "$DMSL" apply c.dmsl --yes --json &&
	keep "$DMSL" plan c.dmsl --detailed-exitcode &&
	keep "$DMSL" plan c.dmsl --params p.json --detail=full &&
	keep "$DMSL" plan c.dmsl --params p.json --detail=full --json &&
	keep "$DMSL" plan c.dmsl --params p.json &&
	keep "$DMSL" show &&
	keep "$DMSL" apply &&
	keep "$DMSL" show c.dmsl --detail=full &&
	keep "$DMSL" output c.dmsl &&
	keep "$DMSL" output c.dmsl --json &&
	for address in box.a box.b disk.c net.d job.e slow.f data.g random_password.pw; do
		keep "$DMSL" state show c.dmsl $address || return 1
	done &&
	test_contains out/1.out "(secret)" &&
	find_secret out .git
'

# Half of a run: the journal stays, with intents, and objects left over.
test_expect_success 'a run that is cut off leaves no secret in the journal' '
	printf "%s\n" "rule create * lost 99" "rule search * unavailable 999" \
		"rule find * unavailable 999" >"$DMSL_CLOUD/faults" &&
	! keep "$DMSL" apply c.dmsl --set label=third --yes &&
	cp .git/dmsl/c/journal out/journal &&
	test_contains out/journal net.d &&
	keep "$DMSL" plan c.dmsl --set label=third &&
	rm "$DMSL_CLOUD/faults" &&
	keep "$DMSL" apply c.dmsl --set label=third --yes --json &&
	find_secret out .git
'

test_expect_success 'nor is one in what failed steps say' '
	for what in denied failed; do
		printf "%s\n" "rule update * $what 99" "rule run * $what 99" \
			>"$DMSL_CLOUD/faults"
		! keep "$DMSL" apply c.dmsl --set label=third --set size=4 --yes &&
		! keep "$DMSL" apply c.dmsl --set label=third --set size=4 --yes --json ||
			return 1
	done &&
	rm "$DMSL_CLOUD/faults" &&
	cp c.dmsl good && echo "disk twin { name = pass }" >>c.dmsl &&
	! keep "$DMSL" apply c.dmsl --set label=third --yes &&
	test_contains out/$count.err "is taken by another" &&
	mv good c.dmsl &&
	find_secret out .git
'

test_expect_success 'nor is one in what is wrong with a stack' '
	cp c.dmsl good &&
	for line in "box w { size = pass }" "box w { uses = [pass] }" \
		"vpc w { cidr = pass }" "box w { size = size + pass }" \
		"box w { nothing = pass }" "box w { label = {}[pass] }" \
		"box w for k in [pass] { label = k }" "box w { size = number(pass) }" \
		"let w = jsondecode(pass)" "import box.w = pass" \
		"box w { lifecycle { replace_when = pass + 1 } }" \
		"check w { on = box.a  query = pass  expect = pass }"; do
		{ cat good && echo "$line"; } >c.dmsl
		keep "$DMSL" validate c.dmsl
		keep "$DMSL" plan c.dmsl
		keep "$DMSL" plan c.dmsl --json
	done
	mv good c.dmsl &&
	! keep "$DMSL" plan c.dmsl --set "pass=$SECRET" &&
	! keep "$DMSL" plan c.dmsl --set "passs=$SECRET" &&
	printf "pass = \"%s\" \"\n" "$SECRET" >out.dmsl &&
	! keep "$DMSL" plan c.dmsl --params out.dmsl &&
	printf "pass = \"%s\"\n" "$SECRET" >out.dmsl &&
	! keep "$DMSL" plan c.dmsl --params out.dmsl &&
	find_secret out .git
'

test_expect_success 'the password that was made is nowhere either' '
	"$DMSL" output c.dmsl pw --reveal >../made &&
	made=$(cat ../made) &&
	test ${#made} = 24 &&
	SECRET=$made find_secret out .git
'

test_expect_success 'digests of secrets are keyed' '
	for text in "$SECRET" "$(cat ../made)" "[\"$SECRET\"]"; do
		for digest in $(digests "$text"); do
			SECRET=$digest find_secret out .git || return 1
		done
	done
'

test_expect_success 'what replace_when was is kept as a keyed digest' '
	git show dmsl/state:c.dmstate.json >state &&
	sed -n "s/.*\"replace_when\": *\"\([a-z0-9]*\):.*/\1/p" state >kinds &&
	echo hmac >expect &&
	test_cmp expect kinds
'

# Its attribute is where a secret is, so what others made of it may be one too.
test_expect_success 'nor what others changed a secret to' '
	id=$("$DMSL" cloud objects "$DMSL_CLOUD" |
		sed -n "s/.*\"id\":\"\(slow[^\"]*\)\".*/\1/p") &&
	"$DMSL" cloud set "$DMSL_CLOUD" "$id" sees "\"other%secret\"" &&
	keep "$DMSL" plan c.dmsl --set label=third --detail=full &&
	test_contains out/$count.out slow.f &&
	keep "$DMSL" plan c.dmsl --set label=third --detail=full --json &&
	keep "$DMSL" apply c.dmsl --set label=third --refresh-only --yes &&
	SECRET=other%secret find_secret out .git
'

test_expect_success 'nor what is forgotten and taken over again' '
	cp c.dmsl good &&
	id=$("$DMSL" cloud objects "$DMSL_CLOUD" |
		sed -n "s/.*\"id\":\"\(job[^\"]*\)\".*/\1/p") &&
	{ sed "/^job e /d" good && echo "removed job.e { keep = true }"; } >c.dmsl &&
	keep "$DMSL" apply c.dmsl --set label=third --yes &&
	{ cat good && echo "import job.e = \"$id\""; } >c.dmsl &&
	keep "$DMSL" plan c.dmsl --set label=third --detail=full --json &&
	keep "$DMSL" plan c.dmsl --set label=third &&
	keep "$DMSL" apply &&
	mv good c.dmsl &&
	git show dmsl/state:c.dmstate.json >state &&
	test_contains state "$id" &&
	find_secret out .git
'

test_expect_success 'destroy says nothing either' '
	keep "$DMSL" destroy c.dmsl --yes &&
	find_secret out .git
'

# The client is told apart: it says what it was given.
test_expect_success 'psql is given the login of its server, and nothing else' '
	mkdir bin psql && cat >bin/psql <<-\TXT &&
	#!/bin/sh
	env
	TXT
	chmod +x bin/psql && test_repository psql && (
		cd psql && cat >p.dmsl <<-\TXT &&
		param pass : string secret
		stack p { provider = local }
		secret s { value = { username = "me", password = "given" } }
		database d { host = "127.0.0.1"  secret = secret.s  modify = pass == "x" }
		TXT
		DMSL_HOME=$TRASH/h DMSL_STATE_KEY=$(head -c 64 /dev/zero | base64 -w 0) &&
		export DMSL_HOME DMSL_STATE_KEY &&
		PATH=$TRASH/work/bin:$PATH &&
		"$DMSL_BUILDDIR/dmsl" apply p.dmsl --yes &&
		"$DMSL_BUILDDIR/dmsl" psql p.dmsl database.d >given &&
		"$DMSL_BUILDDIR/dmsl" destroy p.dmsl --yes
	) &&
	test_contains psql/given PGPASSWORD=given DMSL_HOME= &&
	test_lacks psql/given DMSL_STATE_KEY= DMSL_PARAM_
'

test_done
