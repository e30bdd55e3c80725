#include <config.h>

#include "providers/replicator/obj.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

void obj_value(struct obj *o, const char *key, struct value v)
{
	if (o->n == OBJ_MAX)
		BUG("an object has more than %d members", OBJ_MAX);
	o->entries[o->n].key = str_from(key);
	o->entries[o->n++].value = v;
}

void obj_str(struct obj *o, const char *key, struct str text)
{
	obj_value(o, key, value_str(text));
}

void obj_c(struct obj *o, const char *key, const char *text)
{
	obj_value(o, key, value_c(text));
}

void obj_int(struct obj *o, const char *key, int64_t n)
{
	obj_value(o, key, value_int(n));
}

void obj_bool(struct obj *o, const char *key, bool b)
{
	obj_value(o, key, value_bool(b));
}

void obj_time(struct obj *o, const char *key, int64_t ms, struct arena *a)
{
	struct value v = { .kind = VALUE_NUMBER };
	struct str text;

	if (ms == 0)
		return;
	text =
	    str_fmt(a, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
	/* Canonical numbers end neither in "0" behind a point nor in it. */
	while (text.s[text.n - 1] == '0')
		text.n--;
	if (text.s[text.n - 1] == '.')
		text.n--;
	v.as.text = text;
	obj_value(o, key, v);
}

struct value obj_done(struct obj *o, struct arena *a)
{
	return value_map(o->entries, o->n, a);
}
