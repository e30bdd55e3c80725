# What is told of the language and the program itself: docs, graph, completion.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

test_expect_success 'docs lists every type and function, and tells of each' '
	"$DMSL" docs >all &&
	grep -q "^  vpc  " all &&
	grep -q "^  join(separator, list)  " all &&
	sed -n "/^functions/q; s/^  \([a-z_0-9]*\) .*/\1/p" all >types &&
	sed "1,/^functions/d; s/^  \([a-z_0-9]*\)(.*/\1/" all >functions &&
	test "$(wc -l <types)" -gt 30 &&
	test "$(wc -l <functions)" -gt 30 &&
	(while read -r name; do
		"$DMSL" docs "$name" >one && test -s one &&
			"$DMSL" docs --json "$name" | python3 -m json.tool >/dev/null || exit 1
	done <types) &&
	(while read -r name; do
		"$DMSL" docs "$name" >one && grep -q "^$name(" one || exit 1
	done <functions)
'

test_expect_success 'docs says what an attribute is, and how it is given' '
	"$DMSL" docs subnet >out &&
	test_contains out "cidr : cidr" "(required; a change replaces)" \
		"(optional, false when not written)"
'

test_expect_success 'docs tells the types of a function, and has an example' '
	"$DMSL" docs substr >out &&
	cat >expect <<-\TXT &&
	substr(text: string, from: number[, length: number]) : string

	Part of a text, counted in characters.

	Example
	  substr("häßlich", 1, 2)
	  gives "äß"
	TXT
	test_cmp expect out
'

test_expect_success 'docs as JSON has all of it' '
	"$DMSL" docs --json >all.json &&
	python3 -c "
import json
all = json.load(open(\"all.json\"))
subnet = [t for t in all[\"types\"] if t[\"name\"] == \"subnet\"][0]
assert [a for a in subnet[\"attributes\"] if a[\"name\"] == \"cidr\"][0][\"required\"]
assert len(all[\"functions\"]) > 30"
'

test_expect_success 'docs of what there is not names the nearest' '
	test_expect_code 1 "$DMSL" docs subnett 2>err &&
	test_contains err "Did you mean \"subnet\"?"
'

cat >stack.dmsl <<'TXT'
stack g { provider = core }
data a for k in ["x\"y"] { value = k }
component pair() { data one { value = 1 }  data two { value = 2 } }
pair p { }
data b { value = data.a["x\"y"].id  depends_on = [pair.p] }
TXT

test_expect_success 'graph: what needs what, in the order of creation' '
	"$DMSL" graph stack.dmsl >out &&
	test_contains out "data.a[\"x\\\"y\"]" "  needs pair.p, all of it" &&
	test "$(tail -n 3 out | head -n 1)" = data.b
'

test_expect_success 'graph as pictures' '
	"$DMSL" graph --format dot stack.dmsl >out.dot &&
	test_contains out.dot "digraph" "label=\"data.b\"" "style=dashed" &&
	"$DMSL" graph --format mermaid stack.dmsl >out.mmd &&
	test_contains out.mmd "flowchart LR" "#quot;" "([" "-->" &&
	test_expect_code 1 "$DMSL" graph --format png stack.dmsl 2>err &&
	test_contains err "text, dot or mermaid"
'

# complete WORD...: what bash offers for the last one.
complete() {
	bash -c '
		source <("$DMSL" completion bash)
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_dmsl
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
export DMSL

test_expect_success 'completion: commands, their second words, options, files' '
	complete dmsl pl >out && echo plan >expect && test_cmp expect out &&
	complete dmsl state s >out && echo show >expect && test_cmp expect out &&
	complete dmsl plan --re >out &&
	printf "%s\n" --replace --refresh --refresh-only >expect && test_cmp expect out &&
	complete dmsl plan sta >out && echo stack.dmsl >expect && test_cmp expect out
'

test_expect_success 'completion for every shell is a script that it reads' '
	(for shell in bash zsh fish; do
		"$DMSL" completion $shell >script.$shell && test -s script.$shell || exit 1
		! command -v $shell >/dev/null || $shell -n script.$shell || exit 1
	done) &&
	test_expect_code 64 "$DMSL" completion tcsh 2>err
'

test_done
