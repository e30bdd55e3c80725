# Highlighting in editors says of words what our lexer says, and knows all of
# them: tests/editors.py.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

export DMSL_SRCDIR
tokens=$DMSL_BUILDDIR/tests/support/tokens

if ! test -x "$tokens"; then
	test_skip 'all of it' 'tests/support/tokens was not built'
	test_done
fi

# All that is right; what is broken may be seen differently.
for file in "$DMSL_SRCDIR"/tests/lang/*.dmsl "$DMSL_SRCDIR"/tests/aws/*.dmsl \
	"$DMSL_SRCDIR"/stacks/*.dmsl "$DMSL_SRCDIR"/stacks/lib/*.dmsl; do
	case $file in
	*/e_*) ;;
	*) echo "$file" ;;
	esac
done >files

test_expect_success 'the words are all there are' '
	python3 "$DMSL_SRCDIR/tests/editors.py" words "$tokens" "$DMSL"
'

test_expect_success 'the TextMate grammar sees what the lexer sees' '
	xargs python3 "$DMSL_SRCDIR/tests/editors.py" textmate "$tokens" <files
'

if command -v vim >/dev/null 2>&1 && vim --version | grep -q "+syntax"; then
	test_expect_success 'vim sees what the lexer sees' '
		xargs python3 "$DMSL_SRCDIR/tests/editors.py" vim "$tokens" <files
	'
else
	test_skip 'vim sees what the lexer sees' 'vim with syntax is not installed'
fi

test_done
