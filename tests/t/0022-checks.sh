# What is wrong with a stack is told before any provider is asked: for each
# tests/checks/NAME.dmsl the findings are NAME.err, or none where there is no
# such file, wherever the library stands. With UPDATE=1 the files are written
# anew: read what changed.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

for stack in "$DMSL_SRCDIR"/tests/checks/*.dmsl; do
	name=${stack##*/}
	name=${name%.dmsl}
	test_expect_success "findings of $name" '
		cp "$stack" . &&
		"$DMSL" validate "$name.dmsl" >/dev/null 2>said; code=$?
		sed "s|^/.*/stacks/lib/|stacks/lib/|" said >err
		if test -n "${UPDATE-}"; then
			if test -s err; then cp err "${stack%.dmsl}.err"; else rm -f "${stack%.dmsl}.err"; fi
			return 0
		fi
		if test -f "${stack%.dmsl}.err"; then cp "${stack%.dmsl}.err" expect; else : >expect; fi &&
		test_cmp expect err &&
		if grep -q "error\[" err; then test "$code" = 1; else test "$code" = 0; fi
	'
done

test_done
