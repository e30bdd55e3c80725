/*
 * Texts of stacks: any bytes are a tree or findings; what is formatted means
 * the same (fmt.c compares the trees) and is not changed by formatting again.
 */
#include <config.h>

#include "tests/fuzz/answers.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/fmt.h"
#include "lang/source.h"

enum { FORM_MAX = 64 << 20 };

/* Whether it has no mistakes. */
static bool format(struct str text, struct buf *out)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	int result = fmt_text(source_from(STR("text"), text, &a), &a, out, &d);

	if (result < 0 && d.n_errors == 0)
		BUG("a text without a form and without findings");
	diags_release(&d);
	arena_release(&a);
	return result == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf once, twice;

	buf_init(&once, FORM_MAX);
	buf_init(&twice, FORM_MAX);
	if (format((struct str){ (const char *)bytes, n }, &once)) {
		if (!format(buf_str(&once), &twice))
			BUG("a form has mistakes that its text has not");
		if (!str_eq(buf_str(&once), buf_str(&twice)))
			BUG("a form is changed by formatting it again");
	}
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
