# The language server, asked by a scripted editor: tests/lsp.py.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

export DMSL_SRCDIR

# serve NAME: a case of the script, in a folder of its own.
serve() {
	rm -rf "serve.$1" &&
	mkdir "serve.$1" &&
	(cd "serve.$1" && python3 "$DMSL_SRCDIR/tests/lsp.py" "$DMSL" "$1")
}

test_expect_success 'begins and ends as the protocol has it' 'serve lifecycle'
test_expect_success 'garbage is answered, and passed over' 'serve garbage'
test_expect_success 'findings are those of dmsl validate' 'serve findings'
test_expect_success 'findings are of the open text, with their place' 'serve finding'
test_expect_success 'a stack of several texts' 'serve files'
test_expect_success 'what a word is' 'serve hover'
test_expect_success 'where a name is declared and used' 'serve navigate'
test_expect_success 'a new name, unless it would clash' 'serve rename'
test_expect_success 'names of the reference stack, there and back' 'serve rename_all'
test_expect_success 'what may be written at a place' 'serve completion'
test_expect_success 'the declarations, of broken texts too' 'serve outline'
test_expect_success 'the canonical form' 'serve format'
test_expect_success 'columns with tabs, wide characters and emoji' 'serve columns'
test_expect_success 'edits give what the whole text gives' 'serve edits'
test_expect_success 'texts that end anywhere' 'serve prefixes'
test_expect_success 'texts of 50,000 lines' 'serve large'
test_expect_success 'bounds' 'serve bounds'

test_expect_success 'takes no operands' '
	test_expect_code 64 "$DMSL" lsp x 2>err </dev/null &&
	test_contains err "too many operands" &&
	test_expect_code 1 "$DMSL" lsp </dev/null >out &&
	test_must_be_empty out
'

# What a whole conversation asks the system for: no connection, no change.
if strace -o /dev/null true 2>/dev/null; then
	cat >traced <<-EOF
	#!/bin/sh
	ASAN_OPTIONS=detect_leaks=0 exec strace -f -o "$PWD/calls" \\
		-e trace=%file,connect "$DMSL" "\$@"
	EOF
	chmod +x traced
	test_expect_success 'reads, and does nothing else' '
		traced=$PWD/traced &&
		(DMSL=$traced && serve rename_all) &&
		grep -q "execve(.*lsp" calls &&
		! grep -E "connect\(|rename|unlink|mkdir|O_WRONLY|O_RDWR|O_CREAT|credentials" calls
	'
else
	test_skip 'reads, and does nothing else' 'strace is missing, or may not be used'
fi

test_done
