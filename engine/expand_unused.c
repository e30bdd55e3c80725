/*
 * Names that nothing refers to. References in expressions that were checked are
 * marked at the names already (name_decl.is_used); here are those of texts that
 * are read in other ways: settings { } and providers.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/config.h"
#include "lang/refs.h"

static void mark(void *context, const struct ref *r)
{
	const struct body *b = context;
	struct name_decl *d = map_get(&b->names, r->name);

	if (d)
		d->is_used = true;
}

static void mark_attrs(struct body *b, const struct ast_body *body)
{
	for (size_t i = 0; i < body->n_attrs; i++)
		refs_find(body->attrs[i].value, mark, b);
}

/* Settings may stand in groups, and those in others, as deep as is read. */
static void mark_blocks(struct body *b, const struct ast_body *body)
{
	for (size_t i = 0; i < body->n_blocks; i++) {
		mark_attrs(b, &body->blocks[i].body);
		mark_blocks(b, &body->blocks[i].body);
	}
}

static void mark_decls(struct body *b, struct ast_decl *const *decls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		mark_blocks(b, &decls[i]->body);
		if (decls[i]->kind == DECL_PROVIDER)
			mark_attrs(b, &decls[i]->body);
	}
}

/* A file that others use, too, has names for all of them. */
static bool is_own(const struct expander *x, const struct source *s)
{
	return s == x->c->config->stack->source;
}

static void report(struct expander *x, struct place place, const char *kind,
		   struct str name)
{
	struct diag *to;

	if (!is_own(x, place.source))
		return;
	to = diag_warning(x->diags, "W0201", place, "%s \"%.*s\" is not used",
			  kind, STR_ARG(name));
	diag_hint(x->diags, to, "Use it, or take it out.");
}

static bool has_unused(const struct body *b)
{
	for (size_t i = 0; i < b->names.n; i++) {
		const struct name_decl *d = b->names.entries[i].value;

		if (!d->is_used)
			return true;
	}
	return false;
}

static void report_body(struct expander *x, const struct body *b)
{
	for (size_t i = 0; i < b->names.n; i++) {
		const struct name_decl *d = b->names.entries[i].value;

		if (!d->is_used)
			report(x, d->place,
			       d->kind == NAME_LET ? "let" : "param", d->name);
	}
}

void unused_report(struct expander *x)
{
	const struct config *c = x->c->config;

	/* A misspelt name leaves another one unused. */
	if (x->diags->n_errors || !c->stack)
		return;
	if (has_unused(x->root_body))
		mark_decls(x->root_body, c->decls, c->n_decls);
	report_body(x, x->root_body);
	for (size_t i = 0; i < x->bodies.n; i++) {
		struct body *b = x->bodies.entries[i].value;

		if (has_unused(b))
			mark_decls(b, b->component->more->decls,
				   b->component->more->n_decls);
		report_body(x, b);
		if (!b->is_used)
			report(x, decl_place(b->component), "component",
			       b->component->name);
	}
}
