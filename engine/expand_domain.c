/*
 * What is wrong with values that fit their types: a subnet outside its network,
 * two subnets that share addresses. Looked for once all is evaluated, where the
 * values are known.
 */
#include <config.h>

#include "engine/expand_domain.h"

#include "lang/cidr.h"

#include <stdlib.h>
#include <string.h>

/* A subnet whose range and network are known. */
struct subnet {
	const struct resource *resource;
	size_t vpc; /* dense id */
	struct cidr range;
};

struct place domain_place(const struct resource *r, const char *attr)
{
	const struct ast_attr *a =
	    ast_attr_find(resource_body(r), str_from(attr));

	return a ? expr_place(a->value) : r->place;
}

const struct value *domain_known(const struct expander *x, size_t index,
				 const char *attr)
{
	const struct value *v = value_get(x->values[index], attr);

	return v && !value_is_unknown(*v) && !value_has_secret(*v) ? v : NULL;
}

struct str domain_text(const struct expander *x, size_t index, const char *attr)
{
	return domain_known(x, index, attr) ? value_text(x->values[index], attr)
					    : STR("");
}

static bool known_cidr(const struct expander *x, size_t index, const char *attr,
		       struct cidr *out)
{
	const struct value *v = domain_known(x, index, attr);

	return v && v->kind == VALUE_CIDR && cidr_read(v->as.text, out);
}

void domain_trace(struct expander *x, const struct resource *r, size_t from)
{
	if (x->diags->n > from)
		scope_trace(r->scope->group->scope, from);
}

static bool each_object(struct value v,
			void (*each)(void *context, size_t index),
			void *context)
{
	const struct instance_scope *i;

	if (v.kind != VALUE_OBJECT || value_is_unknown(v))
		return false;
	i = object_instance(v.as.object);
	if (!i || i->end == i->first)
		return false;
	each(context, i->first);
	return true;
}

bool domain_referred(struct expander *x, const struct resource *r,
		     const struct attr_info *info,
		     void (*each)(void *context, size_t index), void *context)
{
	struct value v;
	bool is_whole = true;

	if (wanted_attr(x, r, info, x->arena, &v, NULL) || value_is_unknown(v))
		return false;
	if (value_is_null(v))
		return true;
	if (v.kind != VALUE_LIST)
		return each_object(v, each, context);
	for (size_t i = 0; i < v.as.list.n; i++)
		is_whole &= each_object(v.as.list.items[i], each, context);
	return is_whole;
}

static void set_index(void *context, size_t index)
{
	*(size_t *)context = index;
}

bool domain_refers(struct expander *x, const struct resource *r,
		   const char *attr, size_t *out)
{
	const struct attr_info *info = resource_attr(r, str_from(attr));

	*out = SIZE_MAX;
	return info && domain_referred(x, r, info, set_index, out) &&
	       *out != SIZE_MAX;
}

static void check_inside(struct expander *x, const struct subnet *s)
{
	const struct resource *vpc = &x->resources.items[s->vpc];
	struct cidr range;

	if (!known_cidr(x, s->vpc, "cidr", &range) ||
	    cidr_contains_cidr(range, s->range))
		return;
	size_t from = x->diags->n;
	struct str inner = cidr_text(s->range, x->arena);
	struct str outer = cidr_text(range, x->arena);
	struct diag *to = diag_error(
	    x->diags, "E0401", domain_place(s->resource, "cidr"),
	    "%.*s of %.*s is outside its network's %.*s", STR_ARG(inner),
	    STR_ARG(s->resource->address), STR_ARG(outer));

	diag_note(x->diags, to, domain_place(vpc, "cidr"), "the range of %.*s",
		  STR_ARG(vpc->address));
	diag_hint(x->diags, to,
		  "Cut it from the network's range: "
		  "cidr_subnet(%.*s, %d, 1).",
		  STR_ARG(outer),
		  s->range.bits > range.bits ? s->range.bits - range.bits : 4);
	domain_trace(x, s->resource, from);
}

static int order_subnets(const void *a, const void *b)
{
	const struct subnet *x = a, *y = b;

	if (x->vpc != y->vpc)
		return x->vpc < y->vpc ? -1 : 1;
	if (x->range.address != y->range.address)
		return x->range.address < y->range.address ? -1 : 1;
	if (x->range.bits != y->range.bits)
		return x->range.bits < y->range.bits ? -1 : 1;
	return x->resource->index < y->resource->index
		   ? -1
		   : x->resource->index > y->resource->index;
}

/*
 * Sorted by where they begin, a block that overlaps an earlier one lies inside
 * the widest that began before it: comparing with that one is enough.
 */
static void check_overlaps(struct expander *x, const struct subnet *all,
			   size_t n)
{
	const struct subnet *widest = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct subnet *s = &all[i];

		if (!widest || widest->vpc != s->vpc ||
		    !cidr_overlaps(widest->range, s->range)) {
			widest = s;
			continue;
		}
		const struct subnet *first = widest, *second = s;

		if (first->resource->index > second->resource->index)
			first = s, second = widest;
		size_t from = x->diags->n;
		struct str a = cidr_text(second->range, x->arena);
		struct str b = cidr_text(first->range, x->arena);
		struct diag *to = diag_error(
		    x->diags, "E0402", domain_place(second->resource, "cidr"),
		    "%.*s of %.*s overlaps %.*s of %.*s", STR_ARG(a),
		    STR_ARG(second->resource->address), STR_ARG(b),
		    STR_ARG(first->resource->address));

		diag_note(x->diags, to, domain_place(first->resource, "cidr"),
			  "the other subnet");
		domain_trace(x, second->resource, from);
	}
}

/* Everyone may come in. */
static void check_open(struct expander *x, const struct resource *r)
{
	struct cidr range;
	struct diag *to;

	if (strcmp(r->schema->name, "security_group_rule") != 0 ||
	    !str_is(domain_text(x, r->index, "direction"), "ingress") ||
	    !known_cidr(x, r->index, "cidr", &range) || range.bits != 0)
		return;
	to = diag_warning(x->diags, "W0401", domain_place(r, "cidr"),
			  "%.*s lets everyone in", STR_ARG(r->address));
	diag_hint(x->diags, to,
		  "Name the range or the security group that "
		  "needs it.");
}

void domain_check(struct expander *x)
{
	VEC(struct subnet) subnets = { 0 };

	for (size_t i = 0; i < x->resources.n; i++) {
		struct subnet s = { .resource = &x->resources.items[i] };
		size_t from = x->diags->n;

		if (!s.resource->is_existing) {
			check_open(x, s.resource);
			domain_one(x, s.resource);
			domain_data(x, s.resource);
			domain_trace(x, s.resource, from);
		}
		if (!str_is(str_from(s.resource->schema->name), "subnet") ||
		    !known_cidr(x, i, "cidr", &s.range) ||
		    !domain_refers(x, s.resource, "vpc", &s.vpc))
			continue;
		check_inside(x, &s);
		*vec_push(&subnets) = s;
	}
	if (subnets.n > 1) {
		qsort(subnets.items, subnets.n, sizeof(*subnets.items),
		      order_subnets);
		check_overlaps(x, subnets.items, subnets.n);
	}
	vec_release(&subnets);
	domain_zones(x);
	domain_names(x);
}
