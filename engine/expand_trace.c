/*
 * How a finding says where it came from: through which instances of components,
 * and round which circle.
 */
#include <config.h>

#include "engine/expand_private.h"

void scope_trace(const struct scope *s, size_t from)
{
	struct diags *d = s->x->diags;

	for (size_t i = from; i < d->n; i++) {
		const struct scope *in = s;
		struct diag *to = d->items[i];

		for (; in->self && !to->is_traced; in = in->self->group->scope)
			diag_note(d, to,
				  decl_place(in->self->group->decl->decl),
				  "in %.*s, which is made here",
				  STR_ARG(in->self->object.address));
		to->is_traced = true;
	}
}

static struct place busy_place(const struct busy *b)
{
	return b->group ? decl_place(b->group->decl->decl)
			: b->binding->decl->place;
}

/* "\"n\"" or "which data \"d\" there is", in a component with its address */
static struct str busy_name(const struct busy *b)
{
	const struct instance_scope *in = b->scope->self;
	struct arena *a = b->scope->x->arena;
	struct str name;

	if (b->group)
		name = str_fmt(a, "which %.*s \"%.*s\" there is",
			       STR_ARG(b->group->decl->decl->type),
			       STR_ARG(b->group->decl->decl->name));
	else
		name = str_fmt(a, "\"%.*s\"", STR_ARG(b->binding->decl->name));
	return in ? str_join(name, " of ", in->object.address, a) : name;
}

void circle_report(struct expander *x, const void *again)
{
	size_t from = x->busy.n;
	const struct busy *first;
	struct diag *to;

	while (from && x->busy.items[from - 1].binding != again &&
	       x->busy.items[from - 1].group != again)
		from--;
	first = &x->busy.items[from ? from - 1 : 0];
	to = diag_error(x->diags, "E0301", busy_place(first),
			"%.*s is made from itself", STR_ARG(busy_name(first)));
	for (size_t i = from; i < x->busy.n; i++)
		diag_note(x->diags, to, busy_place(&x->busy.items[i]),
			  "through %.*s",
			  STR_ARG(busy_name(&x->busy.items[i])));
}
