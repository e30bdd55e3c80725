#include <config.h>

#include "providers/aws/fields.h"

void field(struct fields *f, const char *key, struct value v)
{
	*vec_push(&f->list) = (struct value_entry){ str_from(key), v };
}

void field_text(struct fields *f, const char *key, struct str text)
{
	field(f, key, value_str(text));
}

void field_given(struct fields *f, const char *key, struct str text)
{
	if (text.n)
		field_text(f, key, text);
}

void field_one(struct fields *f, const char *key, struct value v,
	       struct arena *a)
{
	struct value *one = arena_new(a, struct value, 1);

	*one = v;
	field(f, key, value_list(one, 1));
}

struct value fields_done(struct fields *f, struct arena *a)
{
	struct value v = value_map(f->list.items, f->list.n, a);

	vec_release(&f->list);
	return v;
}
