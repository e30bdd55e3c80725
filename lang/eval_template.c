/*
 * template(): a file is read as a heredoc is, and its "${…}" know the names of
 * a map. The file is read again for each expression, its tree lives as long as
 * the evaluation; of those with a finding the source is kept as long as that.
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/eval_impl.h"
#include "lang/func.h"
#include "lang/func_impl.h"
#include "lang/parse.h"
#include "lang/suggest.h"

enum {
	/* What opening a file counts for. */
	OPEN_STEPS = 1000,
};

/* Names in a template. */
struct names {
	struct eval eval;
	struct value map;
};

static bool find_name(struct eval *e, struct str name, struct value *out)
{
	const struct names *n = (const struct names *)e;
	const struct value *found = value_get_str(n->map, name);

	if (found)
		*out = value_mark(*found, n->map.marks);
	return found;
}

static bool find_reference(struct eval *e, const struct ast_expr *x,
			   struct value *out)
{
	(void)e, (void)x, (void)out;
	return false;
}

static void find_near(struct eval *e, struct str wrong, struct str *near)
{
	const struct names *n = (const struct names *)e;
	struct suggest s = suggest_start(wrong);

	/* The keys of a secret are in no message. */
	if (!(n->map.marks & MARK_SECRET))
		for (size_t i = 0; i < n->map.as.map.n; i++)
			suggest_try(&s, n->map.as.map.entries[i].key);
	*near = s.best;
}

const struct source *eval_source(struct evaluation *v, const struct source *s)
{
	struct template *t = v->template;

	if (!t || t->source != s)
		return s;
	if (!t->kept)
		t->kept = source_from(s->name, s->text, v->lasting);
	return t->kept;
}

/* Findings of the parser point to the source that is kept. */
static void keep_places(struct evaluation *v, size_t from)
{
	struct diags *d = v->e->diags;

	for (size_t i = from; i < d->n; i++) {
		struct diag *x = d->items[i];

		x->place.source = eval_source(v, x->place.source);
		for (struct diag_note *n = x->notes; n; n = n->next)
			n->place.source = eval_source(v, n->place.source);
	}
}

static int parse(struct evaluation *v, struct template *t)
{
	struct diags *d = v->e->diags;
	size_t n = d->n, n_errors = d->n_errors;
	struct template *outer = v->template;

	t->expr = parse_template(t->source, v->e->arena, d);
	v->template = t;
	keep_places(v, n);
	v->template = outer;
	if (d->n_errors == n_errors)
		return 0;
	v->has_failed = true;
	return -1;
}

/* NULL with a finding. */
static struct template *read_template(struct evaluation *v,
				      const struct ast_expr *x,
				      struct func_call *c, struct value path)
{
	bool is_secret = path.marks & MARK_SECRET;
	struct template *t;
	struct source *s;
	struct str text;
	struct buf why;

	buf_init(&why, 4000);
	c->why = &why;
	if (func_read_file(c, path.as.text, is_secret, &text) < 0) {
		eval_fail(v, x->items[0], "E0259", NULL, "%s", why.data);
		buf_release(&why);
		return NULL;
	}
	buf_release(&why);
	eval_charge(v, OPEN_STEPS + text.n / FUNC_READ_PER_STEP);
	t = arena_new(v->e->arena, struct template, 1);
	s = source_from(func_path(c, path.as.text), text, v->e->arena);
	/* Findings name it; what it reads is still beside it. */
	if (is_secret)
		s->name = STR("(secret)");
	t->source = s;
	return parse(v, t) < 0 ? NULL : t;
}

/* Each file is read once; one with a secret name has another in findings. */
static struct template *
open_template(struct evaluation *v, const struct ast_expr *x, struct value path)
{
	struct func_call c = { .arena = v->e->arena, .source = x->source };
	struct str name = func_path(&c, path.as.text);
	struct template *t;

	if (path.marks & MARK_SECRET)
		return read_template(v, x, &c, path);
	t = map_get(&v->templates, name);
	if (t)
		return t;
	t = read_template(v, x, &c, path);
	if (t)
		map_put(&v->templates, name, t);
	return t;
}

static struct value fill(struct evaluation *v, const struct ast_expr *x,
			 struct template *t, struct value map)
{
	struct names names = {
		.eval = {
			.arena = v->e->arena,
			.diags = v->e->diags,
			.name = find_name,
			.reference = find_reference,
			.suggest = find_near,
		},
		.map = map,
	};
	struct template *outer = v->template;
	const struct loop *loops = v->loops;
	struct place called = v->called;
	struct eval *e = v->e;
	struct value out;

	v->called = eval_place(v, x);
	v->e = &names.eval;
	v->loops = NULL;
	v->template = t;
	out = eval_node(v, t->expr, NULL);
	v->template = outer;
	v->called = called;
	v->loops = loops;
	v->e = e;
	return out;
}

struct value eval_template_file(struct evaluation *v, const struct ast_expr *x)
{
	static const struct type string = { .kind = TYPE_STRING };
	struct value path = eval_to(v, x->items[0], &string);
	struct value map = value_sorted(NULL, 0);
	struct template *t;
	unsigned marks;

	if (x->n_items > 1)
		map = eval_node(v, x->items[1], NULL);
	marks = path.marks | map.marks;
	if (v->has_failed)
		return value_unknown();
	if (marks & MARK_UNKNOWN)
		return value_mark(value_unknown(), marks);
	if (value_is_null(path))
		return eval_fail(v, x->items[0], "E0259", NULL,
				 "argument 1 is null");
	if (map.kind != VALUE_MAP)
		return eval_fail(
		    v, x->items[1], "E0259", NULL, "expected a map, found %s%s",
		    value_is_null(map) ? "" : "a ", value_kind_name(map));
	t = open_template(v, x, path);
	if (!t)
		return value_unknown();
	return value_mark(fill(v, x, t, map), marks);
}
