#include <config.h>

#include "engine/schema.h"

#include "lang/base/arena.h"

const struct type_schema *schema_find(const struct type_schema *const *table,
				      struct str name)
{
	for (; *table; table++)
		if (str_is(name, (*table)->name))
			return *table;
	return NULL;
}

const struct attr_schema *schema_attr(const struct type_schema *t,
				      struct str name)
{
	for (const struct attr_schema *a = t->attrs; a->name; a++)
		if (str_is(name, a->name))
			return a;
	return NULL;
}

const struct block_schema *schema_block(const struct type_schema *t,
					struct str name)
{
	const struct block_schema *b = t->blocks;

	for (; b && b->name; b++)
		if (str_is(name, b->name))
			return b;
	return NULL;
}

const struct attr_rule *schema_rule(const struct attr_rule *rules,
				    struct str attr)
{
	for (; rules && rules->attr; rules++)
		if (str_is(attr, rules->attr))
			return rules;
	return NULL;
}

struct str attr_how_given(const struct attr_schema *m, struct arena *a)
{
	struct str out = m->flags & ATTR_REQUIRED ? STR("required")
			 : m->flags & ATTR_OPTIONAL
			     ? STR("optional")
			     : STR("given by the provider");

	if (m->fallback)
		out = str_fmt(a, "%.*s, %s when not written", STR_ARG(out),
			      m->fallback);
	else if ((m->flags & ATTR_OPTIONAL) && (m->flags & ATTR_COMPUTED))
		out = str_fmt(a, "%.*s, else given by the provider",
			      STR_ARG(out));
	if (m->flags & ATTR_REPLACE)
		out = str_fmt(a, "%.*s; a change replaces", STR_ARG(out));
	if (m->flags & ATTR_SECRET)
		out = str_fmt(a, "%.*s; secret", STR_ARG(out));
	return out;
}
