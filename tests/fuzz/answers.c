#include <config.h>

#include "tests/fuzz/answers.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/aws/client.h"
#include "providers/aws/decode.h"

enum { TEXT_MAX = 16 << 20 };

static void check_paths(struct value v, struct arena *a)
{
	static const char *const paths[] = { "a", "a/a", "vpcSet/item/vpcId",
					     "Error/Code" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct value *found = aws_get(v, paths[i]);
		struct value items = aws_items(v, paths[i], a);

		if (found && value_is_null(*found))
			BUG("a path leads to null");
		if (aws_text(v, paths[i]).n && !found)
			BUG("text where nothing is");
		for (size_t k = 0; k < items.as.list.n; k++)
			if (items.as.list.items[k].kind == VALUE_LIST)
				BUG("a list among items");
	}
}

static void check_answer(struct value v)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct value again;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	json_write(&b, v, JSON_REVEAL);
	if (!buf_is_full(&b)) {
		if (json_read(buf_str(&b), &a, &again, &err) < 0)
			BUG("what was written is not read: %s", err.message);
		if (!value_eq(v, again))
			BUG("what was written reads otherwise");
	}
	check_paths(v, &a);
	buf_release(&b);
	arena_release(&a);
}

void check_decoding(const struct aws_service *s, struct str body)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct aws_reason why;
	struct value v;

	if (aws_decode(s, "DescribeVpcs", body, &a, &v, &why, &err) == 0)
		check_answer(v);
	else if (err.kind == ERROR_NONE || !err.message[0])
		BUG("a failure without a reason");
	aws_decode_fault(s, body, (struct str){ "", 0 }, &a);
	arena_release(&a);
}
