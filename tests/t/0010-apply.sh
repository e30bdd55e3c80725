# Plan, apply, look, change, destroy: over what the program serves itself.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

test_repository .

cat >a.dmsl <<\TXT
param size : number = 20
stack a { provider = core }
random_password pw { length = size }
data x { value = random_password.pw.result }
data y { value = { "id" = data.x.id  list = [1, 2] } }
output secret = random_password.pw.result
output x = data.x.id
TXT

test_expect_success 'a plan changes nothing and is saved' '
	test_expect_code 2 "$DMSL" plan a.dmsl --detailed-exitcode >out &&
	test_contains out "Plan: 3 to create, 0 to change, 0 to destroy" &&
	test_must_fail git rev-parse -q --verify dmsl/state &&
	"$DMSL" show >plan &&
	test_contains plan "create \"random_password.pw\""
'

test_expect_success 'apply without an operand does what the saved plan says' '
	"$DMSL" apply >out 2>err &&
	test_contains out "Applied: 3 created" "State: commit" &&
	test_contains err "create data.x" &&
	test "$(git rev-list --count dmsl/state)" = 1 &&
	git log -1 --format=%B dmsl/state >message &&
	test_contains message "Apply a: 3 created" "create data.y" \
		"Plan-Hash: " "Dmsl-Version: "
'

test_expect_success 'there is one apply of a saved plan' '
	test_expect_code 64 "$DMSL" apply 2>err &&
	test_contains err "no saved plan"
'

test_expect_success 'a second apply has nothing to do and commits nothing' '
	"$DMSL" apply a.dmsl --yes >out &&
	test_contains out "No changes" &&
	test "$(git rev-list --count dmsl/state)" = 1 &&
	"$DMSL" plan a.dmsl --detailed-exitcode
'

test_expect_success 'the state is the same wherever the text names the stack' '
	{
		sed /^stack/d a.dmsl &&
		echo "stack a { provider = core }"
	} >last.dmsl &&
	"$DMSL" plan last.dmsl --detailed-exitcode &&
	echo "stack a { provider = core }" >stack.part &&
	{
		sed /^stack/d a.dmsl &&
		echo "use \"stack.part\""
	} >used.dmsl &&
	"$DMSL" plan used.dmsl --detailed-exitcode &&
	rm last.dmsl used.dmsl stack.part
'

test_expect_success 'a mistake in the text and one of the repository are told' '
	git init -q other &&
	sed "s/data.x.id  list/data.z.id  list/" a.dmsl >other/a.dmsl &&
	mkdir -p other/.git/refs/heads/dmsl &&
	echo broken >other/.git/refs/heads/dmsl/state &&
	test_expect_code 1 "$DMSL" plan other/a.dmsl 2>err &&
	test_contains err "no data \"z\"" "could not read a ref" &&
	rm -r other
'

test_expect_success 'no lease and no journal are left' '
	git for-each-ref refs/dmsl >refs &&
	test_must_be_empty refs &&
	test_path_is_missing .git/dmsl/a/journal
'

test_expect_success 'state and outputs, secrets masked' '
	"$DMSL" state list a.dmsl >out &&
	printf "%s\n" data.x data.y random_password.pw >expect &&
	test_cmp expect out &&
	"$DMSL" output a.dmsl secret --reveal >secret &&
	grep -E "^.{20}$" secret &&
	"$DMSL" show a.dmsl >shown &&
	"$DMSL" state show a.dmsl data.x >>shown &&
	"$DMSL" state show a.dmsl data.x --json >>shown &&
	"$DMSL" output a.dmsl >>shown &&
	"$DMSL" output a.dmsl --json >>shown &&
	git show dmsl/state >>shown &&
	test_contains shown "(secret)" &&
	test_lacks shown "$(cat secret)" &&
	test_expect_code 1 "$DMSL" output a.dmsl none 2>err &&
	test_contains err "no output \"none\"" &&
	test_expect_code 1 "$DMSL" state show a.dmsl data.none 2>err &&
	test_contains err "data.none" "state list"
'

test_expect_success 'a misspelt address or plan says what may be meant' '
	test_expect_code 1 "$DMSL" state show a.dmsl random_password.pv 2>err &&
	test_contains err "Did you mean " "random_password.pw" &&
	test_expect_code 1 "$DMSL" apply none.plan 2>err &&
	test_contains err "could not open \"none.plan\"" "ends in .dmsl"
'

test_expect_success 'of several saved plans one is named by its file' '
	test_repository two &&
	(
		cd two &&
		for name in b c; do
			echo "stack $name { provider = core } data d { value = 1 }" \
				>$name.dmsl &&
			"$DMSL" plan $name.dmsl || exit 1
		done &&
		test_expect_code 64 "$DMSL" apply 2>err &&
		test_contains err "there are 2 saved plans" ".git/dmsl/b/plan" &&
		"$DMSL" apply .git/dmsl/b/plan >out &&
		test_contains out "Applied: 1 created" &&
		"$DMSL" validate b.dmsl >out &&
		test_contains out "b.dmsl is valid: 1 resource" &&
		test_lacks out "resources"
	)
'

test_expect_success 'without a terminal it asks for --yes' '
	test_expect_code 1 "$DMSL" apply a.dmsl --set size=30 </dev/null 2>err &&
	test_contains err "repeat with --yes" &&
	test "$(git rev-list --count dmsl/state)" = 1
'

test_expect_success 'a saved plan that is stale is refused, and says why' '
	"$DMSL" plan a.dmsl --set size=30 --out saved.plan &&
	"$DMSL" apply a.dmsl --set size=25 --yes &&
	test_expect_code 1 "$DMSL" apply saved.plan 2>err &&
	cat err &&
	test -s err &&
	"$DMSL" state show a.dmsl random_password.pw >out &&
	test_contains out "length = 25"
'

test_expect_success 'events as JSON lines' '
	"$DMSL" apply a.dmsl --set size=22 --yes --json >out &&
	test_contains out "\"type\":\"step_done\"" "\"type\":\"summary\"" &&
	"$DMSL" apply a.dmsl --set size=22 --yes --json >none &&
	test_contains none "\"type\":\"summary\",\"created\":0" &&
	if command -v python3 >/dev/null; then
		python3 -c "import json, sys
for line in open(\"out\"): json.loads(line)"
	fi
'

test_expect_success 'order and parallelism do not change the state' '
	for n in 1 7; do
		test_repository p$n &&
		{
			echo "stack p { provider = core }" &&
			i=0 && while test $i -lt 200; do
				echo "data d$i { value = [\"x\"$(
					test $i -gt 2 &&
					echo ", data.d$((i / 2)).value, data.d$((i - 2)).value[0]"
				)] triggers = $i }"
				i=$((i + 1))
			done
		} >p$n/p.dmsl &&
		"$DMSL" apply p$n/p.dmsl --yes --parallel $n &&
		git -C p$n show dmsl/state:p.dmstate.json |
			grep -v "\"id\":\|\"uid\":" >state$n || return 1
	done &&
	test_cmp state1 state7
'

test_expect_success 'destroy leaves an empty state' '
	test_expect_code 1 "$DMSL" destroy a.dmsl </dev/null &&
	"$DMSL" destroy a.dmsl --yes >out &&
	test_contains out "Destroyed: 3 destroyed" &&
	"$DMSL" state list a.dmsl >out &&
	test_must_be_empty out &&
	"$DMSL" destroy a.dmsl --yes &&
	git fsck --strict
'

test_expect_success 'outside of a repository it says what to do' '
	mkdir ../outside && cp a.dmsl ../outside &&
	(
		GIT_CEILING_DIRECTORIES=$TRASH &&
		export GIT_CEILING_DIRECTORIES &&
		test_expect_code 1 "$DMSL" plan ../outside/a.dmsl 2>err
	) &&
	test_contains err "git init"
'

test_done
