# dmsl console: expressions against a stack, from a pipe and at a terminal.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

git init -q .
XDG_STATE_HOME=$TRASH/state
DMSL_HOME=$TRASH/local
export XDG_STATE_HOME DMSL_HOME

cat >stack.dmsl <<'EOF'
stack example { provider = local }
param rows : number = 4
param pw : string secret
let keys = ["a", "b"]
data held { value = "kept" }
data other { value = { n = rows } }
data each for k in keys { value = k }
random_password generated { length = 20 }
component doubled(x: number) {
  data held { value = x }
  output twice = x * 2
  output held = data.held
}
doubled one { x = rows }
existing vpc theirs { id = "vpc-1" }
existing subnet theirs { id = "subnet-1"  vpc = vpc.theirs }
let their_vpc = subnet.theirs.vpc
EOF
echo hello >beside.txt
DMSL_PARAM_pw=hunter2-sentinel
export DMSL_PARAM_pw

# tell_console EXPECTED-STATUS: the console on the input, into out and err.
tell_console() {
	test_expect_code "$1" "$DMSL" console stack.dmsl >out 2>err
}

test_expect_success 'values of the text, a line an expression' '
	tell_console 0 <<-\EOF &&
	1 + 2

	# a comment
	rows
	keys
	data.held.value
	data.held
	data.each
	data.each["b"].value
	data.each[*].value
	doubled.one
	doubled.one.held.value
	their_vpc.id
	[their_vpc]
	pw
	{ a = pw }
	file("beside.txt")
	type doubled.one
	type [1]
	null
	EOF
	cat >expect <<-\EOF &&
	3
	4
	["a", "b"]
	"kept"
	{ id = (known after apply), value = "kept" }
	{ a = data.each["a"], b = data.each["b"] }
	"b"
	["a", "b"]
	{ held = doubled.one/data.held, twice = 8 }
	4
	"vpc-1"
	["vpc-1"]
	(secret)
	{ a = (secret) }
	"hello\n"
	doubled
	list
	null
	EOF
	test_cmp expect out && test_must_be_empty err
'

test_expect_success 'what is printed can be pasted' '
	cat >values <<-\EOF &&
	"a \"b\" \\ \n \t \r \u{1b} \u{9b} \${x} $x ä 😀"
	1234567890123456789012345678.5
	-7
	10.0.0.0/16
	10.0.0.1
	1h30m
	1500ms
	20GiB
	5MB
	[true, false, null, []]
	{ a = {}, "b c" = [1], "1" = 2, for = 3, true = 4, "ä" = 5 }
	EOF
	tell_console 0 <values && test_must_be_empty err &&
	mv out first && tell_console 0 <first && test_cmp first out &&
	test_contains first "\\u{1b} \\u{9b} \\\${x} \$x ä 😀" "5000000B" "for = 3" &&
	test "$(wc -l <first)" = 11
'

test_expect_success 'names that are declared here' '
	tell_console 1 <<-\EOF &&
	let x = [rows, 5]
	let rows = 7
	x
	rows
	[for i in x : i * rows]
	let bad = nothing
	bad
	let two = 2 let three = 3
	two + three
	EOF
	cat >expect <<-\EOF &&
	[4, 5]
	7
	[28, 35]
	5
	EOF
	test_cmp expect out
'

test_expect_success 'open brackets and heredocs go on in the next line' '
	tell_console 0 <<-\EOF &&
	[1
	  2
	]
	{ a = 1
	b = [2,
	3] }
	<<~SQL
	    select ${rows}
	      from x
	  SQL
	length(
	  keys
	)
	EOF
	cat >expect <<-\EOF &&
	[1, 2]
	{ a = 1, b = [2, 3] }
	"select 4\n  from x\n"
	2
	EOF
	test_cmp expect out
'

test_expect_success 'mistakes are shown in the line, and the rest is done' '
	tell_console 1 <<-\EOF &&
	1
	rows + nosuch
	type nosuch
	10 / 0
	vpc main { }
	let x = 1 vpc main { }
	rows +
	[1, 2
	EOF
	printf "1\n" >expect && test_cmp expect out &&
	test_contains err "line 2:1:8: error[E0251]: unknown name \"nosuch\"" \
		"    1 | rows + nosuch" "      |        ^~~~~~" \
		"line 3:1:6: error[E0251]" "line 4:1:1: error[E0255]" \
		"line 5:1:5: error[E0108]" "line 6:1:11: error[E0206]" \
		"line 7:1:7: error[E0108]" "line 8:1:1: error[E0104]"
'

test_expect_success 'what only a provider gives comes from the state' '
	printf "%s\n" data.held.id "reveal(random_password.generated.result)" \
		"random_password.generated.result" >in &&
	tell_console 0 <in &&
	printf "%s\n" "(known after apply)" "(known after apply)" "(secret)" >expect &&
	test_cmp expect out &&
	sed -i "/theirs/d" stack.dmsl &&
	"$DMSL" apply --yes stack.dmsl &&
	tell_console 0 <in &&
	grep -E "^\"data-[0-9a-f]{16}\"$" out && grep -E "^\"[^\"]{20,}\"$" out &&
	grep -Fx "(secret)" out && id=$(sed -n 1p out) &&
	sed "s/^data other .*/data other { value = 5 }/; s/data held { value = \"kept\" }/data renamed { value = \"new\" }/
		/^param rows/i moved data.held -> data.renamed" stack.dmsl >changed.dmsl &&
	printf "%s\n" data.other.value "type data.other.id" data.renamed.value \
		"type data.renamed.id" "data.renamed.id == $id" |
		"$DMSL" console changed.dmsl >out &&
	printf "%s\n" 5 string "\"new\"" string true >expect &&
	test_cmp expect out
'

test_expect_success 'nothing is written, and no lease is taken' '
	git for-each-ref >before && find .git -type f | sort >>before &&
	printf "%s\n" rows data.held >in && tell_console 0 <in &&
	git for-each-ref >after && find .git -type f | sort >>after &&
	test_cmp before after && test ! -e "$XDG_STATE_HOME"
'

test_expect_success 'params, and a stack with mistakes' '
	echo rows | "$DMSL" console --set rows=9 stack.dmsl >out &&
	echo 9 >expect && test_cmp expect out &&
	echo "stack broken { provider = local nosuch = 1 }" >broken.dmsl &&
	echo 1 | test_expect_code 1 "$DMSL" console broken.dmsl >out 2>err &&
	test_contains err "E0203" && test_must_be_empty out
'

test_expect_success 'without a stack there are only functions' '
	printf "%s\n" "upper(\"a\")" "let x = 2" "x + 1" "file(\"beside.txt\")" |
		"$DMSL" console >out &&
	printf "%s\n" "\"A\"" 3 "\"hello\\n\"" >expect && test_cmp expect out &&
	echo vpc.main | test_expect_code 1 "$DMSL" console 2>err &&
	test_contains err "unknown name \"vpc.main\""
'

test_expect_success 'an expression may be long, but not without end' '
	{ echo 1; printf "["; head -c 2000000 /dev/zero | tr "\0" " "; echo 1; echo 2; } >in &&
	tell_console 1 <in && test_contains err "longer than" &&
	printf "1\n2\n" >expect && test_cmp expect out
'

test_expect_success 'nor may it have lines without end' '
	{ echo "["; yes "" | head -n 30000; echo "]"; } >in &&
	tell_console 1 <in && test_contains err "line 1:" &&
	test_contains err "too many lines"
'

test_expect_success 'at a terminal: editing, completion, history' '
	python3 "$DMSL_SRCDIR/tests/console.py" "$DMSL" stack.dmsl
'

test_expect_success 'the sentinel is in no file' '
	! grep -rF hunter2-sentinel "$XDG_STATE_HOME" .git
'

test_done
