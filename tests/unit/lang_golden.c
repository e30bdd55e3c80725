/*
 * Golden files: for each tests/lang/NAME.dmsl the tree must be NAME.ast and the
 * findings NAME.err; a file that is missing means empty. Only a name that
 * begins with "e_" may have findings. NAME.fmt is the canonical form; without
 * it the text has it already. The form of a form is itself, and has the same
 * tree.
 *
 * tests/lang/NAME.cases has many small texts, with the same parts:
 *
 *	== what it shows
 *	let a = 1
 *	-- ast
 *	let a = 1
 *
 * Blank lines at the end of a part do not count; what stands above the first
 * case is a comment. Together they use every rule of the grammar.
 *
 * TAP; a failure prints what differs. With --update the files are written anew:
 * read the difference before you commit.
 */
#include <config.h>

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/fmt.h"
#include "lang/parse.h"
#include "lang/source.h"

#include "tests/support/golden.h"
#include "tests/unit/grammar_traced.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is made of one text. */
struct made {
	struct str tree, form, findings; /* form: empty when it is the text */
};

static void canonical(struct str name, struct str text, struct buf *out,
		      struct arena *a)
{
	struct diags diags = { .arena = a };

	if (fmt_text(source_from(name, text, a), a, out, &diags) < 0)
		buf_add_c(out, "(findings)");
	diags_release(&diags);
}

static struct str tree_of(struct str name, struct str text, struct arena *a,
			  struct str *findings)
{
	struct diags diags = { .arena = a };
	struct buf tree;
	struct str out;
	char *printed = NULL;
	size_t size = 0;
	FILE *to;

	buf_init(&tree, GOLDEN_MAX);
	ast_dump(parse_file(source_from(name, text, a), a, &diags), &tree);
	to = open_memstream(&printed, &size);
	if (!to)
		exit(1);
	diags_print(&diags, to, false, 0, 1000);
	fclose(to);
	*findings = str_dup((struct str){ printed, size }, a);
	out = str_dup(buf_str(&tree), a);
	free(printed);
	buf_release(&tree);
	diags_release(&diags);
	return out;
}

/* The form of the form is itself, and has the same tree. */
static void check_form(struct golden *g, struct str name, const struct made *m,
		       struct str text, struct arena *a)
{
	struct str findings, form = m->form.n ? m->form : text;
	struct buf again;

	buf_init(&again, GOLDEN_MAX);
	canonical(name, form, &again, a);
	golden_compare(g, str_fmt(a, "%.*s is formatted once", STR_ARG(name)),
		       form, buf_str(&again));
	golden_compare(g,
		       str_fmt(a, "%.*s formatted is the same", STR_ARG(name)),
		       m->tree, tree_of(name, form, a, &findings));
	buf_release(&again);
}

static void make(struct golden *g, struct str name, struct str text,
		 struct arena *a, struct made *out)
{
	struct buf form;

	*out = (struct made){ 0 };
	out->tree = tree_of(name, text, a, &out->findings);
	if (out->findings.n)
		return;
	buf_init(&form, GOLDEN_MAX);
	canonical(name, text, &form, a);
	if (!str_eq(buf_str(&form), text))
		out->form = str_dup(buf_str(&form), a);
	buf_release(&form);
	if (!g->is_update)
		check_form(g, name, out, text, a);
}

static void run_one(struct golden *g, const char *path)
{
	struct arena arena = { 0 };
	struct str name = str_from(path);
	struct str stem = str_sub(name, 0, name.n - strlen(".dmsl"));
	struct str text;
	struct made m;

	text = golden_input(path, &arena);
	/* The file's own name, whatever the folder of the sources is. */
	name = str_skip(name, (size_t)(str_rfind(name, '/') + 1));
	make(g, name, text, &arena, &m);
	golden_check(g, stem, "ast", m.tree);
	if (m.findings.n && !str_starts(name, "e_"))
		golden_check(g, stem, "should have no findings", STR("it has"));
	else
		golden_check(g, stem, "err", m.findings);
	if (m.findings.n == 0)
		golden_check(g, stem, "fmt", m.form);
	arena_release(&arena);
}

/* -- Files of cases ------------------------------------------------------- */

/* The lines up to one that begins with "-- " or "== "; one newline ends it. */
static struct str cut_part(struct str *rest)
{
	struct str all = *rest, part;

	while (rest->n && !str_starts(*rest, "-- ") &&
	       !str_starts(*rest, "== "))
		str_cut(rest, '\n');
	part = str_sub(all, 0, all.n - rest->n);
	while (part.n > 1 && part.s[part.n - 1] == '\n' &&
	       part.s[part.n - 2] == '\n')
		part.n--;
	return str_is(part, "\n") ? STR("") : part;
}

static void add_part(struct buf *out, const char *title, struct str part)
{
	if (part.n)
		buf_fmt(out, "-- %s\n%.*s", title, STR_ARG(part));
}

static void run_case(struct golden *g, struct str name, struct str *rest,
		     struct buf *out)
{
	struct arena arena = { 0 };
	struct str text = cut_part(rest), title, part;
	struct made m, expected = { 0 };

	while (str_starts(*rest, "-- ")) {
		title = str_skip(str_cut(rest, '\n'), strlen("-- "));
		part = cut_part(rest);
		if (str_is(title, "ast"))
			expected.tree = part;
		else if (str_is(title, "fmt"))
			expected.form = part;
		else if (str_is(title, "err"))
			expected.findings = part;
		else
			golden_tell(g, false, title);
	}
	make(g, name, text, &arena, &m);
	buf_fmt(out, "== %.*s\n%.*s", STR_ARG(name), STR_ARG(text));
	add_part(out, "ast", m.tree);
	add_part(out, "fmt", m.form);
	add_part(out, "err", m.findings);
	buf_add_char(out, '\n');
	if (!g->is_update) {
		golden_compare(g, str_fmt(&arena, "%.*s: tree", STR_ARG(name)),
			       expected.tree, m.tree);
		golden_compare(g, str_fmt(&arena, "%.*s: form", STR_ARG(name)),
			       expected.form, m.form);
		golden_compare(g,
			       str_fmt(&arena, "%.*s: findings", STR_ARG(name)),
			       expected.findings, m.findings);
	}
	arena_release(&arena);
}

static void run_cases(struct golden *g, const char *path)
{
	struct arena arena = { 0 };
	struct str rest;
	struct buf out;

	rest = golden_input(path, &arena);
	buf_init(&out, GOLDEN_MAX);
	buf_add_str(&out, cut_part(&rest));
	buf_add_char(&out, '\n');
	while (str_starts(rest, "== ")) {
		struct str name = str_cut(&rest, '\n');

		run_case(g, str_skip(name, strlen("== ")), &rest, &out);
	}
	/* What is left would not be run. */
	if (rest.n)
		golden_tell(g, false, rest);
	else if (g->is_update)
		golden_write(path,
			     str_sub(buf_str(&out), 0, buf_str(&out).n - 1));
	buf_release(&out);
	arena_release(&arena);
}

/* -- All of them ---------------------------------------------------------- */

/* -- Precedence ------------------------------------------------------------ */

/* As dmsl(5) has it: a higher number binds more. */
static const struct {
	const char *text;
	int level;
	bool chains;
} operators[] = {
	{ "or", 1, true },  { "and", 2, true }, { "==", 3, false },
	{ "!=", 3, false }, { "<", 4, false },	{ "<=", 4, false },
	{ ">", 4, false },  { ">=", 4, false }, { "+", 5, true },
	{ "-", 5, true },   { "*", 6, true },	{ "/", 6, true },
	{ "%", 6, true },
};

enum { N_OPERATORS = sizeof(operators) / sizeof(*operators), NOT_LEVEL = 3 };

/* tree: NULL where the text is a mistake. */
static void check_tree(struct golden *g, const char *text, const char *tree)
{
	struct arena a = { 0 };
	struct str findings, got;

	got = tree_of(STR("precedence"), str_fmt(&a, "let v = %s\n", text), &a,
		      &findings);
	if (!tree)
		golden_tell(g, findings.n > 0,
			    str_fmt(&a, "%s is a mistake", text));
	else
		golden_compare(g, str_from(text),
			       str_fmt(&a, "let v = %s\n", tree), got);
	arena_release(&a);
}

static void check_pair(struct golden *g, size_t one, size_t two)
{
	const char *x = operators[one].text, *y = operators[two].text;
	int first = operators[one].level, second = operators[two].level;
	struct arena *a = &g->arena;
	const char *tree = NULL;

	if (first > second || (first == second && operators[one].chains))
		tree = str_fmt(a, "(%s (%s a b) c)", y, x).s;
	else if (first < second)
		tree = str_fmt(a, "(%s a (%s b c))", x, y).s;
	check_tree(g, str_fmt(a, "a %s b %s c", x, y).s, tree);
}

/* Every operator beside every other one. */
static void check_precedence(struct golden *g)
{
	struct arena *a = &g->arena;

	for (size_t i = 0; i < N_OPERATORS; i++) {
		const char *x = operators[i].text;
		bool is_above = operators[i].level >= NOT_LEVEL;

		for (size_t k = 0; k < N_OPERATORS; k++)
			check_pair(g, i, k);
		check_tree(g, str_fmt(a, "not a %s b", x).s,
			   is_above ? str_fmt(a, "(not (%s a b))", x).s
				    : str_fmt(a, "(%s (not a) b)", x).s);
		check_tree(g, str_fmt(a, "-a %s -b[0].c", x).s,
			   str_fmt(a, "(%s (- a) (- (.c (index b 0))))", x).s);
		check_tree(
		    g, str_fmt(a, "a %s b ? c %s d : e %s f", x, x, x).s,
		    str_fmt(a, "(? (%s a b) (%s c d) (%s e f))", x, x, x).s);
	}
}

/* No file is one, but what is given by --set and typed at the console. */
static void check_expression(struct golden *g)
{
	struct diags d = { .arena = &g->arena };
	struct source *s =
	    source_from(STR("--set"), STR("{ a = 1\n  b = 2 }"), &g->arena);
	const struct ast_expr *x = parse_expr(s, &g->arena, &d);

	golden_tell(g, x->kind == EXPR_MAP && x->n_items == 4 && d.n == 0,
		    STR("an expression alone"));
	diags_release(&d);
}

static void check_grammar(struct golden *g)
{
	check_expression(g);
	for (size_t i = 1; i <= grammar_rules(); i++)
		if (!grammar_used(i))
			golden_tell(g, false,
				    str_fmt(&g->arena,
					    "no case uses the rule of \"%s\", "
					    "grammar.y:%u",
					    grammar_rule_name(i),
					    grammar_rule_line(i)));
	golden_tell(g, grammar_rules() > 100, STR("the rules of the grammar"));
}

int main(int argc, char **argv)
{
	struct golden g;

	golden_begin(&g, argc, argv);
	golden_each(&g, "tests/lang/*.dmsl", run_one);
	golden_each(&g, "tests/lang/*.cases", run_cases);
	if (!g.is_update) {
		check_precedence(&g);
		check_grammar(&g);
	}
	return golden_end(&g);
}
