/*
 * The attributes of one resource held against each other, passwords that stand
 * in clear, and names that two objects have.
 */
#include <config.h>

#include "engine/expand_domain.h"

#include "lang/base/buf.h"

#include <inttypes.h>
#include <string.h>

/* -- Attributes that exclude each other ----------------------------------- */

enum presence { IS_ABSENT, IS_GIVEN, IS_UNCERTAIN };

/* A reference to what is not made yet is given, though its id is not known. */
static enum presence presence_of(struct expander *x, const struct resource *r,
				 const char *attr)
{
	const struct value *v = value_get(x->values[r->index], attr);
	const struct attr_info *info = resource_attr(r, str_from(attr));
	struct value now;

	if (v && !value_is_unknown(*v))
		return IS_GIVEN;
	if (!ast_attr_find(resource_body(r), info->name))
		return IS_ABSENT;
	if (wanted_attr(x, r, info, x->arena, &now, NULL) ||
	    value_is_unknown(now))
		return IS_UNCERTAIN;
	return value_is_null(now) ? IS_ABSENT : IS_GIVEN;
}

static void print_attrs(const struct attr_choice *c, const char *last,
			struct buf *out)
{
	for (size_t i = 0; i < 4 && c->attrs[i]; i++) {
		bool is_last = i == 3 || !c->attrs[i + 1];

		buf_fmt(out, "%s\"%s\"",
			!i	  ? ""
			: is_last ? last
				  : ", ",
			c->attrs[i]);
	}
}

static void check_choice(struct expander *x, const struct resource *r,
			 const struct attr_choice *c)
{
	const char *given[2];
	size_t n = 0, n_uncertain = 0;
	struct buf all;
	struct diag *to;

	for (size_t i = 0; i < 4 && c->attrs[i]; i++) {
		enum presence p = presence_of(x, r, c->attrs[i]);

		n_uncertain += p == IS_UNCERTAIN;
		if (p == IS_GIVEN && n++ < 2)
			given[n - 1] = c->attrs[i];
	}
	if (n == 1 ||
	    (n == 0 && (n_uncertain || c->kind == CHOICE_AT_MOST_ONE ||
			domain_is_unclear(x, r))))
		return;
	buf_init(&all, 1000);
	if (n == 0) {
		print_attrs(c, " nor ", &all);
		to = diag_error(x->diags, "E0405", r->place,
				"%.*s has neither %s", STR_ARG(r->address),
				all.data);
		diag_hint(x->diags, to, "Give it one of them.");
	} else {
		print_attrs(c, " and ", &all);
		to = diag_error(x->diags, "E0405", domain_place(r, given[1]),
				"%.*s has \"%s\" besides \"%s\"",
				STR_ARG(r->address), given[1], given[0]);
		diag_note(x->diags, to, domain_place(r, given[0]),
			  "the other one");
		diag_hint(x->diags, to, "Of %s only one can be given.",
			  all.data);
	}
	buf_release(&all);
}

/* -- Ports ---------------------------------------------------------------- */

static int64_t port_of(const struct expander *x, const struct resource *r,
		       const char *attr)
{
	return domain_known(x, r->index, attr)
		   ? value_number(x->values[r->index], attr, INT64_MIN)
		   : INT64_MIN;
}

static void check_ports(struct expander *x, const struct resource *r)
{
	struct str protocol = domain_text(x, r->index, "protocol");
	int64_t from = port_of(x, r, "port"), to = port_of(x, r, "to_port");
	struct diag *d = NULL;

	/* ICMP has a type and a code there, and -1 for any. */
	if (!str_is(protocol, "tcp") && !str_is(protocol, "udp"))
		return;
	if (from != INT64_MIN && to != INT64_MIN && to < from)
		d = diag_error(x->diags, "E0407", domain_place(r, "to_port"),
			       "the ports of %.*s end with %" PRId64
			       ", before they begin with %" PRId64,
			       STR_ARG(r->address), to, from);
	else if (from == -1 || to == -1)
		d = diag_error(x->diags, "E0407",
			       domain_place(r, from == -1 ? "port" : "to_port"),
			       "-1 is no port of %.*s", STR_ARG(protocol));
	if (d)
		diag_hint(x->diags, d,
			  "port is the first and to_port the last one, of 0 "
			  "to 65535; without both it is all of them.");
}

/* -- Passwords in clear --------------------------------------------------- */

static bool is_password_key(struct str key)
{
	return str_contains(key, STR("password")) ||
	       str_contains(key, STR("Password")) ||
	       str_contains(key, STR("PASSWORD"));
}

/* A text that nothing says is a secret: it was written as it is. */
static bool is_clear(struct value v)
{
	return v.kind == VALUE_STRING && v.as.text.n &&
	       !(v.marks & (MARK_SECRET | MARK_UNKNOWN));
}

static bool has_clear(struct value v)
{
	if (v.kind != VALUE_MAP)
		return is_clear(v);
	for (size_t i = 0; i < v.as.map.n; i++)
		if (is_password_key(v.as.map.entries[i].key) &&
		    is_clear(v.as.map.entries[i].value))
			return true;
	return false;
}

static void check_clear(struct expander *x, const struct resource *r,
			const struct attr_info *info)
{
	struct place place;
	struct value v;
	struct diag *to;

	if (wanted_attr(x, r, info, x->arena, &v, &place) || !has_clear(v))
		return;
	to = diag_warning(x->diags, "W0402", place,
			  "a password of %.*s stands in clear in the text",
			  STR_ARG(r->address));
	diag_hint(x->diags, to,
		  "Take it from random_password.NAME.result, or from a "
		  "param NAME : string secret.");
}

void domain_one(struct expander *x, const struct resource *r)
{
	const struct attr_choice *c = r->schema->choices;

	for (; c && c->attrs[0]; c++)
		check_choice(x, r, c);
	if (str_is(str_from(r->schema->name), "security_group_rule"))
		check_ports(x, r);
	for (size_t i = 0; i < r->type->n; i++) {
		unsigned flags = r->type->attrs[i].schema->flags;

		if ((flags & ATTR_SECRET) &&
		    (flags & (ATTR_REQUIRED | ATTR_OPTIONAL)))
			check_clear(x, r, &r->type->attrs[i]);
	}
}

/* -- Names ---------------------------------------------------------------- */

/* What a name is unique in: SIZE_MAX is the account and region. */
static bool find_around(struct expander *x, const struct resource *r,
			size_t *out)
{
	const char *attr = r->schema->unique_in;

	*out = SIZE_MAX;
	return !*attr || domain_refers(x, r, attr, out);
}

/*
 * The account or region that is chosen for a resource, by the words for it:
 * another provider may serve all of them at once, as on one machine.
 */
static struct str site_of(const struct expander *x, const struct resource *r)
{
	const struct instance_scope *i = r->scope;

	for (; i; i = i->group->scope->self) {
		const struct ast_attr *a =
		    ast_attr_find(&i->group->decl->decl->body, STR("provider"));

		if (!a)
			continue;
		return a->value->kind == EXPR_ATTR && a->value->left
			   ? str_join(ast_text(a->value->left), ".",
				      ast_text(a->value), x->arena)
			   : STR("");
	}
	return STR("");
}

void domain_names(struct expander *x)
{
	struct map seen = { 0 };

	for (size_t i = 0; i < x->resources.n; i++) {
		struct resource *r = &x->resources.items[i];
		const struct resource *first;
		size_t around, from = x->diags->n;
		struct str name;
		struct diag *to;

		if (!r->schema->unique_in || r->is_existing)
			continue;
		name = domain_text(x, i, "name");
		if (!name.n || !find_around(x, r, &around))
			continue;
		struct str site = site_of(x, r);

		first =
		    map_add(&seen,
			    str_fmt(x->arena, "%.*s %s %zu %.*s", STR_ARG(site),
				    r->schema->name, around, STR_ARG(name)),
			    r);
		if (!first)
			continue;
		to = diag_error(x->diags, "E0409", domain_place(r, "name"),
				"%.*s has the name \"%.*s\" of %.*s",
				STR_ARG(r->address), STR_ARG(name),
				STR_ARG(first->address));
		diag_note(x->diags, to, domain_place(first, "name"),
			  "the first of this name");
		domain_trace(x, r, from);
	}
	map_release(&seen);
}
