#include <config.h>

#include "providers/aws/parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct value part_one(struct str text, struct arena *a)
{
	struct value *item = arena_new(a, struct value, 1);

	*item = value_str(text);
	return value_list(item, 1);
}

static bool is_text(struct value v)
{
	return v.kind == VALUE_STRING || v.kind == VALUE_IP ||
	       v.kind == VALUE_CIDR || v.kind == VALUE_NUMBER;
}

static int order_texts(const void *a, const void *b)
{
	return str_cmp(((const struct value *)a)->as.text,
		       ((const struct value *)b)->as.text);
}

struct value part_set(struct value list, const char *path, struct arena *a)
{
	size_t n = list.kind == VALUE_LIST ? list.as.list.n : 0;
	struct value *out = arena_new(a, struct value, n + 1);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct value item = list.as.list.items[i];

		if (!path && !is_text(item))
			continue;
		out[kept++] =
		    value_str(path ? aws_text(item, path) : item.as.text);
	}
	n = kept;
	if (n)
		qsort(out, n, sizeof(*out), order_texts);
	kept = 0;
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !value_eq(out[kept - 1], out[i]))
			out[kept++] = out[i];
	return value_list(out, kept);
}

static bool is_nothing(struct value v)
{
	return value_is_null(v) || (v.kind == VALUE_LIST && v.as.list.n == 0) ||
	       (v.kind == VALUE_MAP && v.as.map.n == 0);
}

/* Addresses are known as such; a service has texts only. */
static bool is_same(struct call *c, struct value a, struct value b)
{
	if (a.kind == VALUE_LIST && b.kind == VALUE_LIST)
		return value_eq(part_set(a, NULL, c->arena),
				part_set(b, NULL, c->arena));
	return value_eq(a, b);
}

void part_drift(struct call *c, struct fields *result, const char *attr,
		struct value now, bool is_default)
{
	const struct value *known = value_get(c->prior, attr);

	if (c->prior.kind != VALUE_MAP) {
		if (!is_default && !is_nothing(now))
			field(result, attr, now);
		return;
	}
	if (!known || value_is_null(*known) ||
	    (is_nothing(*known) && is_nothing(now)) || is_same(c, *known, now))
		return;
	field(result, attr, now);
}

bool part_has(struct value list, struct str text)
{
	size_t n = list.kind == VALUE_LIST ? list.as.list.n : 0;

	for (size_t i = 0; i < n; i++)
		if (str_eq(list.as.list.items[i].as.text, text))
			return true;
	return false;
}

bool part_is_word(struct str text, const char *word)
{
	return text.n == strlen(word) && strncasecmp(text.s, word, text.n) == 0;
}

struct value part_wanted(const struct call *c, const char *attr)
{
	const struct value *v = value_get(c->config, attr);

	return v && v->kind == VALUE_LIST ? *v : value_list(NULL, 0);
}
