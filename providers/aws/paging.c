/* All pages of an operation that gives its answer piece by piece. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/vec.h"
#include "providers/aws/client.h"

enum { PAGES_MAX = 10000, ITEMS_MAX = 1000000 };

struct gathered {
	VEC(struct value) list;
};

/* EC2 refuses a page size beside a list of ids. */
static bool may_have_size(struct value input)
{
	for (size_t i = 0; i < input.as.map.n; i++)
		if (input.as.map.entries[i].value.kind == VALUE_LIST &&
		    !str_contains(input.as.map.entries[i].key, STR("Filter")))
			return false;
	return true;
}

static struct value first_page(const struct aws_paging *p, struct value input,
			       struct arena *a)
{
	if (input.kind != VALUE_MAP)
		input = value_map(NULL, 0, a);
	if (p && p->most && !value_get(input, p->size) && may_have_size(input))
		input =
		    value_with(input, str_from(p->size), value_int(p->most), a);
	return input;
}

/* The token of the page behind this one; empty when this is the last. */
static struct str next_token(const struct aws_paging *p, struct value answer)
{
	if (!p || (p->more && !str_is(aws_text(answer, p->more), "true")))
		return (struct str){ "", 0 };
	return aws_text(answer, p->next);
}

static int gather(struct aws_client *k, const struct aws_service *s,
		  const char *operation, struct value input, const char *path,
		  struct arena *a, struct gathered *out, struct error *err)
{
	const struct aws_paging *p = aws_paging_of(s, operation);
	struct str token = { "", 0 }, before;

	input = first_page(p, input, a);
	for (int pages = 1;; pages++) {
		struct value answer, items;

		if (aws_ask(k, s, operation, input, a, &answer, err) < 0)
			return -1;
		items = aws_items(answer, path, a);
		if (out->list.n + items.as.list.n > ITEMS_MAX)
			return error_set(err, ERROR_QUOTA,
					 "%s: more than %d objects", operation,
					 ITEMS_MAX);
		for (size_t i = 0; i < items.as.list.n; i++)
			*vec_push(&out->list) = items.as.list.items[i];
		before = token;
		token = next_token(p, answer);
		if (token.n == 0)
			return 0;
		if (str_eq(token, before))
			return error_set(err, ERROR_CORRUPT,
					 "%s: the service gives the same page "
					 "again and again",
					 operation);
		if (pages == PAGES_MAX)
			return error_set(err, ERROR_QUOTA,
					 "%s: more than %d pages", operation,
					 PAGES_MAX);
		input =
		    value_with(input, str_from(p->send), value_str(token), a);
	}
}

int aws_ask_all(struct aws_client *k, const struct aws_service *s,
		const char *operation, struct value input, const char *path,
		struct arena *a, struct value *out, struct error *err)
{
	struct gathered found = { 0 };
	int rc = gather(k, s, operation, input, path, a, &found, err);

	*out = value_null();
	if (rc == 0)
		*out = value_list(vec_take(&found.list, a), found.list.n);
	else
		vec_release(&found.list);
	return rc;
}
