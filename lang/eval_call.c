/*
 * Calls of functions. try(), can() and template() look at the text of their
 * arguments and are done here; the rest are given values.
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/eval_impl.h"
#include "lang/func.h"
#include "lang/func_impl.h"

/* -- try and can -- */

/* What became of an expression that may fail. */
struct attempt {
	struct value value;
	bool has_failed;
	bool is_deferred; /* whether it will fail is known after apply */
	unsigned marks;	  /* MARK_SECRET: it depends on a secret */
	struct str why;
};

/*
 * Mistakes in what values are can be tried; those in the text, such as a name
 * that does not exist, are findings in any case, and so is a limit.
 */
static bool can_be_tried(const struct diag *d)
{
	static const char *const codes[] = {
		"E0250", "E0252", "E0253", "E0254",
		"E0255", "E0256", "E0259", "E0261",
	};

	if (d->severity != SEVERITY_ERROR)
		return false;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (str_is(str_from(d->code), codes[i]))
			return true;
	return false;
}

/* The finding again, where it belongs. */
static void tell(struct diags *to, const struct diag *d)
{
	struct diag *copy =
	    (d->severity == SEVERITY_ERROR ? diag_error : diag_warning)(
		to, d->code, d->place, "%.*s", STR_ARG(d->message));

	if (d->hint.n)
		diag_hint(to, copy, "%.*s", STR_ARG(d->hint));
	for (const struct diag_note *n = d->notes; n; n = n->next)
		diag_note(to, copy, n->place, "%.*s", STR_ARG(n->text));
}

/* false: it has mistakes that cannot be tried; they were told. */
static bool sift(struct evaluation *v, const struct diags *found,
		 struct attempt *a)
{
	bool is_tried = true;

	for (size_t i = 0; i < found->n; i++) {
		const struct diag *d = found->items[i];

		if (!can_be_tried(d)) {
			/* What was dropped warns of nothing. */
			if (d->severity == SEVERITY_ERROR || !a->has_failed)
				tell(v->e->diags, d);
			is_tried &= d->severity != SEVERITY_ERROR;
		} else if (a->why.n == 0) {
			a->why = str_dup(d->message, v->e->arena);
		}
	}
	/* More than fit into the list: what is left out may be no value's. */
	if (is_tried && found->n == DIAGS_MAX) {
		tell(v->e->diags, found->items[0]);
		is_tried = false;
	}
	return is_tried;
}

static bool attempt(struct evaluation *v, const struct ast_expr *x,
		    struct attempt *a)
{
	bool had_failed = v->has_failed, was_deferred = v->is_deferred;
	bool was_unsure = v->is_unsure;
	unsigned touched = v->touched;
	struct diags *diags = v->e->diags;
	struct arena scratch = { 0 };
	struct diags found = { .arena = &scratch };
	bool result;

	v->has_failed = v->is_deferred = v->is_unsure = false;
	v->touched = 0;
	v->e->diags = &found;
	*a = (struct attempt){ .value = eval_node(v, x, NULL) };
	v->e->diags = diags;
	a->has_failed = v->has_failed && !v->is_unsure;
	a->is_deferred = v->is_deferred || v->is_unsure;
	a->marks = v->touched;
	result = sift(v, &found, a);
	diags_release(&found);
	arena_release(&scratch);
	v->has_failed = had_failed || !result;
	v->is_deferred = was_deferred;
	v->is_unsure = was_unsure;
	v->touched = touched;
	return result;
}

static struct value eval_can(struct evaluation *v, const struct ast_expr *x)
{
	struct attempt a;
	struct value out;

	if (!attempt(v, x->items[0], &a))
		return value_unknown();
	out = value_bool(!a.has_failed);
	if (a.is_deferred && !a.has_failed)
		out = value_unknown();
	return value_mark(out, a.marks);
}

static struct value eval_try(struct evaluation *v, const struct ast_expr *x)
{
	unsigned marks = 0;
	struct attempt a;
	struct buf why;

	buf_init(&why, 4000);
	for (size_t i = 0; i < x->n_items; i++) {
		if (!attempt(v, x->items[i], &a)) {
			buf_release(&why);
			return value_unknown();
		}
		/* Which one is taken tells of what the others looked at. */
		marks |= a.marks;
		if (!a.has_failed) {
			buf_release(&why);
			if (a.is_deferred)
				marks |= MARK_UNKNOWN;
			return value_mark(a.value, marks);
		}
		buf_fmt(&why, "%s%.*s", i ? "; " : "", STR_ARG(a.why));
	}
	v->touched |= marks;
	a.value = eval_fail(v, x, "E0259",
			    "A last argument that is always right, such as "
			    "null or a text, makes an end.",
			    "none of the %u expressions can be computed: %s",
			    (unsigned)x->n_items, why.data);
	buf_release(&why);
	return a.value;
}

/* -- functions -- */

static struct value unknown_function(struct evaluation *v,
				     const struct ast_expr *x)
{
	struct str near = func_near(ast_text(x));
	struct ast_expr at = *x;
	const char *hint = "dmsl docs lists the functions.";

	at.span = ast_name_span(x);
	if (near.n)
		hint = str_fmt(v->e->arena, "Did you mean \"%.*s\"?",
			       STR_ARG(near))
			   .s;
	return eval_fail(v, &at, "E0257", hint, "unknown function \"%.*s\"",
			 STR_ARG(ast_text(x)));
}

static bool check_arity(struct evaluation *v, const struct ast_expr *x,
			const struct func *f)
{
	size_t n = x->n_items, least, most, wanted;
	struct buf hint;

	func_arity(f, &least, &most);
	if (n >= least && n <= most)
		return true;
	wanted = n < least ? least : most;
	buf_init(&hint, 1000);
	buf_add_c(&hint, "Write ");
	func_usage(f, false, &hint);
	buf_add_char(&hint, '.');
	eval_fail(v, x, "E0258", hint.data,
		  "%s takes %s%zu argument%s, found %zu", f->name,
		  least == most ? ""
		  : n < least	? "at least "
				: "at most ",
		  wanted, wanted == 1 ? "" : "s", n);
	buf_release(&hint);
	return false;
}

static struct value report(struct evaluation *v, const struct ast_expr *x,
			   const struct func *f, const struct func_call *c)
{
	const struct ast_expr *at =
	    c->bad_arg < x->n_items ? x->items[c->bad_arg] : x;
	struct value out;
	struct buf hint;

	/* There may be no next node that would say so. */
	if (c->is_spent)
		return eval_spent(v, x);
	for (size_t i = 0; i < c->n; i++)
		v->touched |= eval_marks(v, c->args[i]) & MARK_SECRET;
	buf_init(&hint, 1000);
	func_usage(f, false, &hint);
	buf_fmt(&hint, ": %s", f->doc);
	out = eval_fail(v, at, "E0259", hint.data, "%s", c->why->data);
	buf_release(&hint);
	return out;
}

/* A secret that is no more: said once for each place in the text. */
static void warn_of_reveal(struct evaluation *v, const struct ast_expr *x,
			   struct value secret)
{
	struct diag *d;

	if (!(eval_marks(v, secret) & MARK_SECRET))
		return;
	d = diag_warning(v->e->diags, "W0404", eval_place(v, x),
			 "a secret is revealed here");
	diag_hint(v->e->diags, d,
		  "It will stand in clear in the plan, in the state and in its "
		  "history. Leave reveal out where a secret will do.");
}

static struct value eval_function(struct evaluation *v,
				  const struct ast_expr *x,
				  const struct func *f)
{
	struct value *args =
	    arena_new(v->e->arena, struct value, x->n_items + 1);
	struct func_call c = {
		.arena = v->e->arena,
		.source = x->source,
		.args = args,
		.n = x->n_items,
	};
	struct value out;
	struct buf why;
	size_t left;

	for (size_t i = 0; i < x->n_items; i++)
		args[i] = eval_node(v, x->items[i], NULL);
	if (v->has_failed)
		return value_unknown();
	v->has_built = true;
	left = v->most_steps - v->steps;
	buf_init(&why, 4000);
	c.why = &why;
	c.left = left;
	if (func_run(f, &c, &out) < 0)
		out = report(v, x, f, &c);
	else if (f->run == func_reveal)
		warn_of_reveal(v, x, args[0]);
	eval_charge(v, left - c.left);
	v->touched |= c.marks & MARK_SECRET;
	v->is_deferred |= c.is_deferred;
	buf_release(&why);
	return out;
}

static struct value eval_form(struct evaluation *v, const struct ast_expr *x,
			      const struct func *f)
{
	v->has_built = true;
	if (str_is(ast_text(x), "can"))
		return eval_can(v, x);
	if (str_is(ast_text(x), "try"))
		return eval_try(v, x);
	if (str_is(ast_text(x), "template"))
		return eval_template_file(v, x);
	BUG("nobody evaluates %s()", f->name);
}

struct value eval_call(struct evaluation *v, const struct ast_expr *x)
{
	const struct func *f = func_find(ast_text(x));
	bool had_failed = v->has_failed;
	struct value out;

	if (!f)
		return unknown_function(v, x);
	if (!check_arity(v, x, f))
		return value_unknown();
	/* What failed before is no reason not to look at this. */
	v->has_failed = false;
	out =
	    f->flags & FUNC_FORM ? eval_form(v, x, f) : eval_function(v, x, f);
	v->has_failed |= had_failed;
	return out;
}
