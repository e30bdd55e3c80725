/*
 * A scope is the root or a component. In it params and lets are bare words and
 * share their names; outputs, checks and providers each have names of their
 * own. Instances and existing objects, TYPE.NAME, are the engine's.
 */
#include <config.h>

#include "lang/config_names.h"

#include "lang/base/arena.h"
#include "lang/base/map.h"
#include "lang/config.h"
#include "lang/diag.h"

struct scope {
	struct diags *diags;
	struct arena keys;
	struct map names; /* "kind/name" -> struct ast_decl */
};

static const char *kind_name(enum ast_decl_kind kind)
{
	switch (kind) {
	case DECL_PARAM:
		return "param";
	case DECL_LET:
		return "let";
	case DECL_STACK:
		return "stack";
	case DECL_PROVIDER:
		return "provider";
	case DECL_COMPONENT:
		return "component";
	case DECL_INSTANCE:
		return "resource";
	case DECL_EXISTING:
		return "existing";
	case DECL_OUTPUT:
		return "output";
	case DECL_CHECK:
		return "check";
	case DECL_USE:
		return "use";
	case DECL_MOVED:
		return "moved";
	case DECL_IMPORT:
		return "import";
	case DECL_REMOVED:
		return "removed";
	}
	return "declaration";
}

void config_report_twice(struct diags *d, const char *what,
			 const struct ast_decl *again,
			 const struct ast_decl *first)
{
	struct place here = { again->source, again->name_span };
	struct place there = { first->source, first->name_span };
	struct diag *x;

	x = diag_error(d, "E0202", here, "%s \"%.*s\" is declared twice", what,
		       STR_ARG(again->name));
	diag_note(d, x, there, "first declared here");
}

/* What a declaration takes in its scope; empty: nothing. */
static struct str key_of(const struct ast_decl *d, struct arena *a)
{
	switch (d->kind) {
	case DECL_PARAM:
	case DECL_LET:
		return str_fmt(a, "word/%.*s", STR_ARG(d->name));
	case DECL_OUTPUT:
	case DECL_CHECK:
		return str_fmt(a, "%s/%.*s", kind_name(d->kind),
			       STR_ARG(d->name));
	case DECL_PROVIDER:
		return str_fmt(a, "provider/%.*s/%.*s", STR_ARG(d->name),
			       STR_ARG(d->more->label));
	/* These are many: who needs their names looks at them once. */
	case DECL_INSTANCE:
	case DECL_EXISTING:
	case DECL_STACK:
	case DECL_COMPONENT:
	case DECL_USE:
	case DECL_MOVED:
	case DECL_IMPORT:
	case DECL_REMOVED:
		break;
	}
	return STR("");
}

static void declare(struct scope *s, struct ast_decl *d)
{
	struct str key = key_of(d, &s->keys);
	const char *what = kind_name(d->kind);
	const struct ast_decl *first;

	if (key.n == 0)
		return;
	first = map_add(&s->names, key, d);
	if (first)
		config_report_twice(s->diags, what, d, first);
}

static void scope_release(struct scope *s)
{
	map_release(&s->names);
	arena_release(&s->keys);
}

/* Params of a component stand in its head and are no declarations. */
static void declare_params(struct scope *s, const struct ast_decl *component)
{
	for (size_t i = 0; i < component->more->n_params; i++) {
		const struct ast_param *p = &component->more->params[i];
		struct ast_decl *d = arena_new(&s->keys, struct ast_decl, 1);

		d->kind = DECL_PARAM;
		d->source = component->source;
		d->name = p->name;
		d->name_span = p->name_span;
		declare(s, d);
	}
}

static bool is_for_component(enum ast_decl_kind kind)
{
	return kind == DECL_LET || kind == DECL_INSTANCE ||
	       kind == DECL_EXISTING || kind == DECL_OUTPUT ||
	       kind == DECL_CHECK;
}

static void check_component(const struct ast_decl *component, struct diags *d)
{
	struct scope s = { .diags = d };

	declare_params(&s, component);
	for (size_t i = 0; i < component->more->n_decls; i++) {
		struct ast_decl *x = component->more->decls[i];
		struct place place = { x->source, x->span };
		struct diag *found;

		if (is_for_component(x->kind)) {
			declare(&s, x);
			continue;
		}
		found = diag_error(d, "E0206", place,
				   "%s cannot stand in a component",
				   kind_name(x->kind));
		if (x->kind == DECL_PARAM)
			diag_hint(d, found,
				  "Params of a component stand in "
				  "parentheses behind its name.");
	}
	scope_release(&s);
}

void config_check_names(const struct config *c, struct diags *d)
{
	struct scope s = { .diags = d };

	for (size_t i = 0; i < c->n_others; i++)
		declare(&s, c->others[i]);
	scope_release(&s);
	for (size_t i = 0; i < c->components.n; i++)
		check_component(c->components.entries[i].value, d);
}
