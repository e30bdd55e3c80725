# What a person and a program see of a plan, over what dmsl serves itself.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

test_repository .
command -v python3 >/dev/null && test_set_prereq PYTHON

write_stack() {
	cat >a.dmsl <<TXT
param pass : string secret = "S3nt1nel"
stack a { provider = core }
component pair(size: number) {
  data main { value = { size = size  list = [1, 2] } }
  data user for k in { x = 1, y = 2 } { value = data.main.id }
  random_password pw { length = size }
  output id = data.main.id
}
pair one { size = 20 }
pair two { size = 20 }
data text { value = "select 1;\nselect $1;\nselect 3;\n" }
data secret { value = pass }
data many for k in ["a", "b", "c", "d"] { value = $1 triggers = $2 }
$3
output id = pair.one.id
output pass = pass
TXT
}

plan() {
	"$DMSL" plan a.dmsl "$@" | sed "s/[0-9]* ms\$/0 ms/"
}

test_expect_success 'what components have in common is said once' '
	write_stack 2 1 &&
	plan >out &&
	cat >expect <<\TXT &&
Created or changed
  + 2 × data.main  a.dmsl:4
      value = {"list":[1,2],"size":20}
        in pair.one  pair.two
  + 4 × data.user  a.dmsl:5
      value = data.main.id
        pair.one/data.user["x"]  ["y"]  pair.two/data.user["x"]  ["y"]
  + 2 × random_password.pw  a.dmsl:6
      length = 20
        in pair.one  pair.two
  + data.text  a.dmsl:11
      value = "select 1;\nselect 2;\nselect 3;\n"
  + data.secret  a.dmsl:12
      value = (secret)
  + 4 × data.many  a.dmsl:13
      triggers = 1  value = 2
        data.many["a"]  ["b"]  ["c"]  ["d"]

Outputs
    id  none -> (known after apply)
    pass  none -> (secret)

Plan: 14 to create, 0 to change, 0 to destroy. 0 ms
TXT
	test_cmp expect out
'

test_expect_success PYTHON 'the plan of a new stack as JSON has the shape' '
	"$DMSL" plan a.dmsl --json >json &&
	test_lacks json S3nt1nel &&
	python3 "$DMSL_SRCDIR/tests/check-plan-json.py" <json
'

test_expect_success 'changes: losses first, texts by lines' '
	"$DMSL" apply a.dmsl --yes &&
	write_stack 22 2 "" &&
	sed "/^pair two/d" a.dmsl >b && mv b a.dmsl &&
	plan >out &&
	cat >expect <<\TXT &&
Destroyed or replaced
  ± 4 × data.many  a.dmsl:12
      triggers  1 -> 2  replaces
      value     2 -> 22
        data.many["a"]  ["b"]  ["c"]  ["d"]
  - pair.two/random_password.pw  (not in the stack any more)
  - pair.two/data.user["y"]  (not in the stack any more)
  - pair.two/data.user["x"]  (not in the stack any more)
  - pair.two/data.main  (not in the stack any more)

Created or changed
  ~ data.text  a.dmsl:10
      value
          select 1;
        - select 2;
        + select 22;
          select 3;

Plan: 0 to create, 1 to change, 4 to replace, 4 to destroy. 0 ms
TXT
	test_cmp expect out
'

test_expect_success 'a summary is what is lost, and the counts' '
	plan --detail=summary >out &&
	cat >expect <<\TXT &&
Destroyed or replaced
  ± data.many["a"]  a.dmsl:12
  ± data.many["b"]  a.dmsl:12
  ± data.many["c"]  a.dmsl:12
  ± data.many["d"]  a.dmsl:12
  - pair.two/random_password.pw  (not in the stack any more)
  - pair.two/data.user["y"]  (not in the stack any more)
  - pair.two/data.user["x"]  (not in the stack any more)
  - pair.two/data.main  (not in the stack any more)

Plan: 0 to create, 1 to change, 4 to replace, 4 to destroy. 0 ms
TXT
	test_cmp expect out
'

test_expect_success 'in full, also what stays' '
	plan --detail=full >out &&
	test_contains out "  - pair.two/data.main" "value = {\"list\":[1,2]" \
		"± 4 × data.many" "id    = \"data-" "(secret)" &&
	test_lacks out "S3nt1nel" &&
	test_expect_code 64 "$DMSL" plan a.dmsl --detail=more 2>err &&
	test_contains err "summary, normal or full" "\"more\""
'

test_expect_success PYTHON 'changes as JSON have the shape' '
	"$DMSL" plan a.dmsl --json >json &&
	test_lacks json S3nt1nel &&
	python3 "$DMSL_SRCDIR/tests/check-plan-json.py" <json &&
	"$DMSL" plan a.dmsl --destroy --json >json &&
	python3 "$DMSL_SRCDIR/tests/check-plan-json.py" <json &&
	python3 - <<\TXT
import json
p = json.load(open("json"))
assert p["applyable"] and p["complete"]
assert p["planned_values"]["root_module"]["resources"] == []
assert len(p["prior_state"]["values"]["root_module"]["child_modules"]) == 2
TXT
'

test_expect_success PYTHON 'the checker finds what does not fit' '
	"$DMSL" plan a.dmsl --json >json &&
	for change in \
		"p[\"resource_changes\"][0][\"change\"][\"actions\"] = [\"make\"]" \
		"del p[\"output_changes\"][\"id\"][\"after\"]" \
		"p[\"planned_values\"][\"root_module\"][\"resources\"].pop()"
	do
		python3 -c "
import json
p = json.load(open(\"json\"))
$change
json.dump(p, open(\"bad\", \"w\"))" &&
		test_must_fail python3 \
			"$DMSL_SRCDIR/tests/check-plan-json.py" <bad || return 1
	done
'

test_expect_success 'a state at three levels of detail' '
	"$DMSL" show a.dmsl --detail=summary >out &&
	test_contains out "pair.one/data.main" \
		"14 resources: 12 data, 2 random_password" &&
	test_lacks out "value" &&
	"$DMSL" show a.dmsl >out &&
	test_contains out "value = \"select 1;\\nselect 2;" "14 resources" &&
	test_lacks out "needs" &&
	"$DMSL" show a.dmsl --detail=full >out &&
	test_contains out "value = (3 lines)" "      select 2;" \
		"  needs pair.one/data.main" "(secret)" &&
	test_lacks out S3nt1nel &&
	test_expect_code 64 "$DMSL" show a.dmsl --detail=much
'

write_check() {
	on=${2-\"gone\"}
	cat >c.dmsl <<TXT
stack c { provider = core }
data d { value = $1 }
check here { on = $on  query = "select 1"  expect = 1 }
TXT
}

test_expect_success 'a check that did not pass is said last, and fails' '
	write_check 1 &&
	test_expect_code 1 "$DMSL" apply c.dmsl --yes >out 2>err &&
	test_contains out "Applied: 1 created" \
		"check here: could not be run  c.dmsl:3" &&
	test_contains err "error[E0511]" \
		"All is applied and committed, but 1 of 1 checks did not pass."
'

test_expect_success 'what cannot be asked is no thing to check' '
	write_check 1 data.d &&
	test_expect_code 1 "$DMSL" plan c.dmsl 2>err &&
	test_contains err "c.dmsl:3:19: error[E0250]" \
		"provider \"core\" has nothing that a check can ask"
'

test_expect_success PYTHON 'every event is a line of JSON, the last the summary' '
	write_check 2 &&
	test_expect_code 1 "$DMSL" apply c.dmsl --yes --json >out &&
	python3 - <<\TXT
import json
events = [json.loads(line) for line in open("out")]
assert [e["type"] for e in events] == [
    "step_begin", "step_done", "finding", "summary"], events
assert events[2]["code"] == "E0511" and events[2]["line"] == 3
assert events[3]["updated"] == 1 and events[3]["checks_failed"] == 1
TXT
'

test_expect_success 'a plan says how it goes on' '
	git init -q next && (
		cd next && write_stack 1 1 && cp a.dmsl b.dmsl &&
		sed "s/stack a/stack b/" a.dmsl >b.dmsl &&
		"$DMSL" plan a.dmsl 2>err &&
		test_contains err "Saved. To do exactly this: dmsl apply" &&
		test_lacks err "apply ." &&
		"$DMSL" plan b.dmsl 2>err &&
		test_contains err "dmsl apply .git/dmsl/b/plan" &&
		"$DMSL" plan b.dmsl --out b.plan 2>err &&
		test_contains err "dmsl apply b.plan" &&
		test_expect_code 64 "$DMSL" apply 2>err &&
		test_contains err "there are 2 saved plans here" \
			".git/dmsl/a/plan" ".git/dmsl/b/plan" &&
		"$DMSL" show b.plan --detail=summary >out &&
		test_contains out "step create \"data.text\" core" &&
		test_lacks out "select" "  attr"
	)
'

test_expect_success 'what is left out is not said to be as the stack says' '
	(
		cd next && "$DMSL" apply a.dmsl --yes &&
		"$DMSL" plan a.dmsl --except "*" >out 2>err &&
		test_contains out \
			"No changes. 0 resources are as the stack says; 14 left out." &&
		test_lacks err Saved
	)
'

test_expect_success 'a misspelt option is guessed' '
	test_expect_code 64 "$DMSL" plan a.dmsl --refesh-only 2>err &&
	test_contains err "Did you mean \"--refresh-only\"?"
'

test_expect_success PYTHON 'an interrupt at the question is a no' '
	(
		cd next && write_stack 3 1 &&
		python3 - "$DMSL" <<\TXT
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "apply", "a.dmsl"])
text = b""
while True:
    try:
        more = os.read(terminal, 65536)
    except OSError:
        more = b""
    if not more:
        break
    if b"a yes: " not in text and b"a yes: " in text + more:
        os.write(terminal, b"\x03")
    text += more
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
assert status == 1, status
assert b"not confirmed, nothing was done" in text, text
TXT
		git for-each-ref >refs && test_lacks refs lease
	)
'

test_expect_success 'what is only recorded is counted' '
	(
		cd next && "$DMSL" apply a.dmsl --yes &&
		sed "s/^data text {/data text { lifecycle { prevent_destroy = true } /" \
			a.dmsl >more && mv more a.dmsl &&
		"$DMSL" apply a.dmsl --yes >out &&
		test_contains out "Plan: 0 to create, 0 to change, 0 to destroy, 1 to record." \
			"Applied: what the state keeps, nothing outside in "
	)
'

test_done
