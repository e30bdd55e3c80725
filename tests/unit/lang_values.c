/*
 * Expressions and what they give: tests/lang/NAME.values has cases of two lines
 * or more, with blank lines between them.
 *
 *	1 + 2
 *	= 3
 *
 *	@ list(cidr)		the type that is wanted
 *	["10.0.0.0/8", 5]
 *	! E0250 1-20 [1]: expected a cidr, found a number
 *
 * "=" is the value as the language writes it; "!" the first finding with its
 * code and columns, and "  " behind it the hint, but how a function is used. A
 *line that begins with "#" is a comment. Every function is used. With --update
 *the files are written anew: read the difference before you commit.
 *
 * Names in scope: unknown, secret_text, both, numbers = [1, 2, 3].
 */
#include <config.h>

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/diag.h"
#include "lang/eval.h"
#include "lang/func.h"
#include "lang/literal.h"
#include "lang/parse.h"
#include "lang/source.h"
#include "lang/type.h"

#include "tests/support/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
	struct golden golden; /* the first: see run_file() */
	struct str folder;    /* that file() reads in */
	struct buf successes; /* the expressions that gave a value */
};

static bool find_name(struct eval *e, struct str name, struct value *out)
{
	static const struct value numbers[] = {
		{ .kind = VALUE_NUMBER, .as.text = STR_INIT("1") },
		{ .kind = VALUE_NUMBER, .as.text = STR_INIT("2") },
		{ .kind = VALUE_NUMBER, .as.text = STR_INIT("3") },
	};

	(void)e;
	if (str_is(name, "unknown"))
		*out = value_unknown();
	else if (str_is(name, "secret_text"))
		*out = value_mark(value_str(STR("hidden")), MARK_SECRET);
	else if (str_is(name, "both"))
		*out = value_mark(value_unknown(), MARK_SECRET);
	else if (str_is(name, "numbers"))
		*out = value_list(numbers, 3);
	else
		return false;
	return true;
}

static void print_finding(const struct diags *d, struct buf *out)
{
	const struct diag *first = d->items[0];
	uint32_t line, from, to;

	source_position(first->place.source, first->place.span.start, &line,
			&from);
	source_position(first->place.source, first->place.span.end, &line, &to);
	buf_fmt(out, "! %s %u-%u %.*s\n", first->code, from, to - 1,
		STR_ARG(first->message));
	/* Where a function is called wrongly, it is what docs says of it. */
	if (first->hint.n && strcmp(first->code, "E0258") != 0 &&
	    strcmp(first->code, "E0259") != 0)
		buf_fmt(out, "  %.*s\n", STR_ARG(first->hint));
}

/* type: empty for any. */
static void evaluate(struct run *r, struct str text, struct str type,
		     struct buf *out)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	struct eval e = { .arena = &a, .diags = &d, .name = find_name };
	struct error err = { 0 };
	const struct type *wanted = NULL;
	const struct ast_expr *x;
	struct source *s;
	struct value v;
	uint32_t at;

	if (type.n)
		wanted = type_parse(type, &a, &at, &err);
	s = source_from(STR("case"), text, &a);
	s->folder = r->folder;
	x = parse_expr(s, &a, &d);
	if (type.n && !wanted) {
		buf_fmt(out, "! %s\n", err.message);
	} else if (d.n || eval_expr(&e, x, wanted, &v) < 0) {
		print_finding(&d, out);
	} else {
		buf_add_c(out, "= ");
		literal_write(out, v, 0);
		buf_add_char(out, '\n');
		buf_fmt(&r->successes, "%.*s\n", STR_ARG(text));
	}
	diags_release(&d);
	arena_release(&a);
}

/* The lines up to one that begins with one of these characters, or a blank. */
static struct str cut_until(struct str *rest, const char *ends)
{
	struct str all = *rest;

	while (rest->n && rest->s[0] != '\n' && !strchr(ends, rest->s[0]))
		str_cut(rest, '\n');
	return str_sub(all, 0, all.n - rest->n);
}

static void run_case(struct run *r, struct str *rest, struct buf *out)
{
	struct str type = { 0 }, text, expected, got;
	size_t begun;

	if (str_starts(*rest, "@ ")) {
		type = str_skip(str_cut(rest, '\n'), 2);
		buf_fmt(out, "@ %.*s\n", STR_ARG(type));
	}
	text = cut_until(rest, "=!");
	expected = cut_until(rest, "");
	buf_add_str(out, text);
	if (text.n)
		text.n--;
	begun = out->len;
	evaluate(r, text, type, out);
	got = str_skip(buf_str(out), begun);
	if (r->golden.is_update)
		return;
	golden_tell(&r->golden, str_eq(got, expected), text);
	if (!str_eq(got, expected))
		printf("# expected: %.*s# got: %.*s", STR_ARG(expected),
		       STR_ARG(got));
}

static void run_file(struct golden *g, const char *path)
{
	struct run *r = (struct run *)g;
	struct str rest = golden_input(path, &g->arena);
	struct buf out;

	buf_init(&out, GOLDEN_MAX);
	while (rest.n) {
		if (rest.s[0] == '\n' || rest.s[0] == '#') {
			buf_add_str(&out, str_cut(&rest, '\n'));
			buf_add_char(&out, '\n');
		} else {
			run_case(r, &rest, &out);
		}
	}
	if (g->is_update)
		golden_write(path, buf_str(&out));
	buf_release(&out);
}

static void check_functions(struct run *r)
{
	for (const struct func *f = func_table; f->name; f++) {
		struct str call = str_fmt(&r->golden.arena, "%s(", f->name);

		golden_tell(
		    &r->golden, str_contains(buf_str(&r->successes), call),
		    str_fmt(&r->golden.arena, "%s() has a case", f->name));
	}
}

int main(int argc, char **argv)
{
	const char *folder = getenv("DMSL_SRCDIR");
	struct run r;
	int status;

	golden_begin(&r.golden, argc, argv);
	r.folder =
	    str_fmt(&r.golden.arena, "%s/tests/lang", folder ? folder : ".");
	buf_init(&r.successes, GOLDEN_MAX);
	golden_each(&r.golden, "tests/lang/*.values", run_file);
	if (!r.golden.is_update)
		check_functions(&r);
	status = golden_end(&r.golden);
	buf_release(&r.successes);
	return status;
}
