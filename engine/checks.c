#include <config.h>

#include "engine/checks.h"

#include "engine/calls.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/state.h"
#include "engine/target.h"
#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/map.h"
#include "lang/json.h"

enum { CHECK_MS = 60 * 1000 };

static struct place place_of(const struct ast_decl *d)
{
	return (struct place){ d->source, d->name_span };
}

static void cannot_run(struct context *c, const struct ast_decl *d,
		       const char *why, const char *hint)
{
	struct diag *diag = diag_error(&c->diags, "E0511", place_of(d),
				       "check \"%.*s\" could not be run: %s",
				       STR_ARG(d->name), why);

	if (hint && hint[0])
		diag_hint(&c->diags, diag, "%s", hint);
}

/* One that exists is in no state: what was found of it. */
static const struct state_resource *existing(const struct context *c,
					     const struct expansion *e,
					     const struct resource *r)
{
	struct state_resource *s =
	    arena_new(c->arena, struct state_resource, 1);
	const struct value *v =
	    e->lookup ? e->lookup(e->lookup_context, r->index) : NULL;

	if (!v)
		return NULL;
	*s = (struct state_resource){
		.address = r->address,
		.type = str_from(r->schema->name),
		.provider = str_from(c->open[r->provider].title),
		.id = value_text(*v, "id"),
		.attrs = *v,
	};
	return s;
}

/* The resource that `on` stands for, an object or an id. */
static const struct state_resource *
find_target(const struct context *c, const struct expansion *e, struct value on)
{
	const struct resource *declared =
	    on.kind == VALUE_OBJECT ? expand_find(e, on.as.object->address)
				    : NULL;

	if (declared && declared->is_existing)
		return existing(c, e, declared);
	if (on.kind == VALUE_OBJECT)
		return state_find(&c->state, on.as.object->address);
	if (on.kind != VALUE_STRING)
		return NULL;
	for (size_t i = 0; i < c->state.resources.n; i++) {
		const struct state_resource *r =
		    c->state.resources.entries[i].value;

		if (r && str_eq(r->id, on.as.text))
			return r;
	}
	return NULL;
}

static struct str text_of(struct value v, struct arena *a)
{
	struct buf b;
	struct str text;

	if (v.kind == VALUE_STRING || v.kind == VALUE_NUMBER)
		return str_dup(v.as.text, a);
	buf_init(&b, 4096);
	json_write(&b, v, 0);
	text = str_dup(buf_str(&b), a);
	buf_release(&b);
	return text;
}

/* A database answers in text: "4" is the number 4. */
static bool is_expected(struct value expected, struct value found,
			struct arena *a)
{
	struct str text = text_of(found, a);
	struct error ignored;
	struct value number;

	if (expected.kind != VALUE_NUMBER)
		return str_eq(text_of(expected, a), text);
	return json_read(str_trim(text), a, &number, &ignored) == 0 &&
	       value_eq(expected, number);
}

static int query(struct context *c, const struct expansion *x,
		 const struct ast_decl *d, struct value on, struct str sql,
		 struct value *found)
{
	const struct state_resource *target = find_target(c, x, on);
	const struct resource_type *type = NULL;
	struct engine_call *e;
	size_t provider;
	int result = -1;

	if (target && target_provider(c, target->provider, &provider) == 0)
		type = provider_type(c->open[provider].provider, target->type);
	if (!type || !type->ops->query) {
		cannot_run(c, d,
			   target ? "nothing can be asked there"
				  : "what it is on does not exist",
			   "on = sql_database.NAME");
		return -1;
	}
	e = call_new(c, provider, type, target->address, target, CALL_QUERY);
	e->call.config = value_copy(target->attrs, &e->arena);
	e->call.sql = sql;
	switch (call_run_now(e, CHECK_MS)) {
	case STEP_DONE:
		*found = value_copy(e->call.result, c->arena);
		result = 0;
		break;
	case STEP_PENDING:
		cannot_run(c, d, "no answer within a minute", NULL);
		break;
	case STEP_FAILED:
		cannot_run(c, d, e->call.err.message, e->call.err.hint);
		break;
	}
	call_free(e);
	return result;
}

static void run_one(struct context *c, struct expansion *e,
		    const struct ast_decl *d, struct apply_check *out)
{
	struct value on, sql, expect, found;

	*out = (struct apply_check){ .name = d->name };
	if (expand_check(e, d, "on", c->arena, &on) < 0 ||
	    expand_check(e, d, "query", c->arena, &sql) < 0 ||
	    expand_check(e, d, "expect", c->arena, &expect) < 0)
		return;
	if (sql.kind != VALUE_STRING || value_is_null(expect) ||
	    !value_is_known(expect)) {
		cannot_run(c, d, "it needs on, query and expect", NULL);
		return;
	}
	if (query(c, e, d, on, sql.as.text, &found) < 0)
		return;
	out->has_run = true;
	out->has_passed = is_expected(expect, found, c->arena);
	out->expected = text_of(expect, c->arena);
	out->found = text_of(found, c->arena);
	if (value_has_secret(expect) || value_has_secret(found))
		out->expected = out->found = STR("(secret)");
}

void checks_run(struct context *c, struct expansion *e,
		struct apply_check **out, size_t *n)
{
	*n = e->n_checks;
	*out = arena_new(c->arena, struct apply_check, *n);
	for (size_t i = 0; i < *n; i++)
		run_one(c, e, e->checks[i], &(*out)[i]);
}
