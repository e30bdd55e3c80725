#include <config.h>

#include "tests/support/shown.h"

#include "lang/base/buf.h"
#include "lang/diag.h"
#include "lang/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

const char *value_shown(const struct diags *d, struct value v, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *x = d->items[i];

		if (x->severity != SEVERITY_ERROR)
			continue;
		buf_fmt(out, "!%s %.*s", x->code, STR_ARG(x->message));
		return out->data;
	}
	if (v.marks & MARK_SECRET)
		buf_add_c(out, "secret ");
	if (value_is_unknown(v))
		buf_add_c(out, "unknown");
	else
		json_write(out, v, JSON_REVEAL);
	return out->data;
}

void examples_run(const struct example *x, size_t n,
		  const char *(*give)(void *world, const char *text),
		  void *world)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = give(world, x[i].text);

		if (strcmp(got, x[i].expected) != 0)
			fail_msg("%s\n  gives    %s\n  expected %s", x[i].text,
				 got, x[i].expected);
	}
}
