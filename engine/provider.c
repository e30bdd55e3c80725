#include <config.h>

#include "engine/provider.h"

#include <stdarg.h>

const struct resource_type *provider_type(const struct provider *p,
					  struct str name)
{
	for (const struct resource_type *t = p->types; t->name; t++)
		if (str_is(name, t->name))
			return t;
	return NULL;
}

struct effect *call_effect(struct call *c, enum effect_kind kind,
			   struct str object, const char *format, ...)
{
	struct effect *e = vec_push(&c->effects);
	va_list args;

	va_start(args, format);
	*e = (struct effect){
		.kind = kind,
		.object = object,
		.text = str_vfmt(c->arena, format, args),
	};
	va_end(args);
	return e;
}

void call_notice(struct call *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*vec_push(&c->notices) = str_vfmt(c->arena, format, args);
	va_end(args);
}

enum step call_wait(struct call *c, int poll_ms, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	c->waiting_for = str_vfmt(c->arena, format, args);
	va_end(args);
	c->poll_ms = poll_ms;
	return STEP_PENDING;
}

enum step call_fail(struct call *c, enum error_kind kind, const char *format,
		    ...)
{
	va_list args;

	va_start(args, format);
	error_set(&c->err, kind, "%s", str_vfmt(c->arena, format, args).s);
	va_end(args);
	return STEP_FAILED;
}
