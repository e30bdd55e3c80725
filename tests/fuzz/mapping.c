/*
 * Documents of table mappings: any bytes are rules or problems. What is read is
 * written, read and written again: the same. A table that is asked for has one
 * answer before and after.
 */
#include <config.h>

#include "tests/fuzz/answers.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/dms/mapping.h"
#include "lang/dms/mapping_local.h"
#include "lang/dms/problem.h"
#include "lang/json.h"

static void is_told(struct dms_report *r, const struct dms_problem *p)
{
	if (p->message.n == 0)
		BUG("a problem without a message");
	(void)r;
}

static bool has_answer(const struct mapping *m, struct arena *a,
		       struct str *name)
{
	struct str schema, table;

	mapping_rename(m, STR("sales"), STR("orders"), a, &schema, &table);
	*name = str_join(schema, ".", table, a);
	return mapping_select(m, STR("sales"), STR("orders")) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str text = { (const char *)bytes, n }, before, after, again;
	struct arena a = { 0 };
	struct dms_report r = { .arena = &a, .add = is_told };
	struct mapping_task task = { .mode = STR("cdc") };
	struct error err = { 0 }, why = { 0 };
	struct mapping_local local;
	struct mapping m, same;
	struct value v;

	if (mapping_read(text, &a, &m, &err) < 0) {
		if (err.message[0] == '\0')
			BUG("refused without a reason");
		/* All problems of it, not the first alone. */
		if (json_read(text, &a, &v, &why) == 0)
			mapping_read_value(v, &a, &r, &m);
		arena_release(&a);
		return 0;
	}
	mapping_check_meaning(&m, &task, &r);
	mapping_check_local(&m, &local, &err);
	after = mapping_write(&m, &a);
	if (mapping_read(after, &a, &same, &why) < 0)
		BUG("what was written cannot be read: %s", why.message);
	again = mapping_write(&same, &a);
	if (!str_eq(after, again))
		BUG("a document is another when it was read and written");
	if (has_answer(&m, &a, &before) != has_answer(&same, &a, &after) ||
	    !str_eq(before, after))
		BUG("a table is another when a document was written");
	arena_release(&a);
	return 0;
}
