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

#include "tests/unit/grammar_traced.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16 << 20 };

struct run {
	struct arena arena;
	bool is_update;
	size_t n, n_failed;
};

static struct str read_golden(struct run *r, const char *path)
{
	struct error err = { 0 };
	struct str text;

	if (file_read(path, OUTPUT_MAX, &r->arena, &text, &err) == 0)
		return text;
	if (access(path, F_OK) == 0)
		fprintf(stderr, "%s\n", err.message);
	return STR("");
}

/* Prints the first line that differs, expected and got. */
static void show_difference(struct str expected, struct str got)
{
	for (unsigned line = 1; expected.n || got.n; line++) {
		struct str x = str_cut(&expected, '\n');
		struct str y = str_cut(&got, '\n');

		if (str_eq(x, y))
			continue;
		printf("# line %u\n# expected: %.*s\n# got:      %.*s\n", line,
		       STR_ARG(x), STR_ARG(y));
		return;
	}
}

static void update(const char *path, struct str got)
{
	struct error err = { 0 };

	if (got.n == 0) {
		unlink(path);
	} else if (file_replace(path, got, 0644, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
}

static void tell(struct run *r, bool is_good, struct str what)
{
	r->n++;
	r->n_failed += !is_good;
	printf("%s %zu - %.*s\n", is_good ? "ok" : "not ok", r->n,
	       STR_ARG(what));
}

static void compare(struct run *r, struct str what, struct str expected,
		    struct str got)
{
	tell(r, str_eq(expected, got), what);
	if (!str_eq(expected, got))
		show_difference(expected, got);
}

static void check(struct run *r, struct str stem, const char *ending,
		  struct str got)
{
	struct str path = str_fmt(&r->arena, "%.*s.%s", STR_ARG(stem), ending);

	if (r->is_update)
		update(path.s, got);
	else
		compare(r, str_skip(path, (size_t)(str_rfind(path, '/') + 1)),
			read_golden(r, path.s), got);
}

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

	buf_init(&tree, OUTPUT_MAX);
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
static void check_form(struct run *r, struct str name, const struct made *m,
		       struct str text, struct arena *a)
{
	struct str findings, form = m->form.n ? m->form : text;
	struct buf again;

	buf_init(&again, OUTPUT_MAX);
	canonical(name, form, &again, a);
	compare(r, str_fmt(a, "%.*s is formatted once", STR_ARG(name)), form,
		buf_str(&again));
	compare(r, str_fmt(a, "%.*s formatted is the same", STR_ARG(name)),
		m->tree, tree_of(name, form, a, &findings));
	buf_release(&again);
}

static void make(struct run *r, struct str name, struct str text,
		 struct arena *a, struct made *out)
{
	struct buf form;

	*out = (struct made){ 0 };
	out->tree = tree_of(name, text, a, &out->findings);
	if (out->findings.n)
		return;
	buf_init(&form, OUTPUT_MAX);
	canonical(name, text, &form, a);
	if (!str_eq(buf_str(&form), text))
		out->form = str_dup(buf_str(&form), a);
	buf_release(&form);
	if (!r->is_update)
		check_form(r, name, out, text, a);
}

static void read_input(const char *path, struct arena *a, struct str *out)
{
	struct error err = { 0 };

	if (file_read(path, OUTPUT_MAX, a, out, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.message);
	exit(1);
}

static void run_one(struct run *r, const char *path)
{
	struct arena arena = { 0 };
	struct str name = str_from(path);
	struct str stem = str_sub(name, 0, name.n - strlen(".dmsl"));
	struct str text;
	struct made m;

	read_input(path, &arena, &text);
	/* The file's own name, whatever the folder of the sources is. */
	name = str_skip(name, (size_t)(str_rfind(name, '/') + 1));
	make(r, name, text, &arena, &m);
	check(r, stem, "ast", m.tree);
	if (m.findings.n && !str_starts(name, "e_"))
		check(r, stem, "should have no findings", STR("it has"));
	else
		check(r, stem, "err", m.findings);
	if (m.findings.n == 0)
		check(r, stem, "fmt", m.form);
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

static void run_case(struct run *r, struct str name, struct str *rest,
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
			tell(r, false, title);
	}
	make(r, name, text, &arena, &m);
	buf_fmt(out, "== %.*s\n%.*s", STR_ARG(name), STR_ARG(text));
	add_part(out, "ast", m.tree);
	add_part(out, "fmt", m.form);
	add_part(out, "err", m.findings);
	buf_add_char(out, '\n');
	if (!r->is_update) {
		compare(r, str_fmt(&arena, "%.*s: tree", STR_ARG(name)),
			expected.tree, m.tree);
		compare(r, str_fmt(&arena, "%.*s: form", STR_ARG(name)),
			expected.form, m.form);
		compare(r, str_fmt(&arena, "%.*s: findings", STR_ARG(name)),
			expected.findings, m.findings);
	}
	arena_release(&arena);
}

static void run_cases(struct run *r, const char *path)
{
	struct arena arena = { 0 };
	struct str rest;
	struct buf out;

	read_input(path, &arena, &rest);
	buf_init(&out, OUTPUT_MAX);
	buf_add_str(&out, cut_part(&rest));
	buf_add_char(&out, '\n');
	while (str_starts(rest, "== ")) {
		struct str name = str_cut(&rest, '\n');

		run_case(r, str_skip(name, strlen("== ")), &rest, &out);
	}
	/* What is left would not be run. */
	if (rest.n)
		tell(r, false, rest);
	else if (r->is_update)
		update(path, str_sub(buf_str(&out), 0, buf_str(&out).n - 1));
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
static void check_tree(struct run *r, const char *text, const char *tree)
{
	struct arena a = { 0 };
	struct str findings, got;

	got = tree_of(STR("precedence"), str_fmt(&a, "let v = %s\n", text), &a,
		      &findings);
	if (!tree)
		tell(r, findings.n > 0, str_fmt(&a, "%s is a mistake", text));
	else
		compare(r, str_from(text), str_fmt(&a, "let v = %s\n", tree),
			got);
	arena_release(&a);
}

static void check_pair(struct run *r, size_t one, size_t two)
{
	const char *x = operators[one].text, *y = operators[two].text;
	int first = operators[one].level, second = operators[two].level;
	struct arena *a = &r->arena;
	const char *tree = NULL;

	if (first > second || (first == second && operators[one].chains))
		tree = str_fmt(a, "(%s (%s a b) c)", y, x).s;
	else if (first < second)
		tree = str_fmt(a, "(%s a (%s b c))", x, y).s;
	check_tree(r, str_fmt(a, "a %s b %s c", x, y).s, tree);
}

/* Every operator beside every other one. */
static void check_precedence(struct run *r)
{
	struct arena *a = &r->arena;

	for (size_t i = 0; i < N_OPERATORS; i++) {
		const char *x = operators[i].text;
		bool is_above = operators[i].level >= NOT_LEVEL;

		for (size_t k = 0; k < N_OPERATORS; k++)
			check_pair(r, i, k);
		check_tree(r, str_fmt(a, "not a %s b", x).s,
			   is_above ? str_fmt(a, "(not (%s a b))", x).s
				    : str_fmt(a, "(%s (not a) b)", x).s);
		check_tree(r, str_fmt(a, "-a %s -b[0].c", x).s,
			   str_fmt(a, "(%s (- a) (- (.c (index b 0))))", x).s);
		check_tree(
		    r, str_fmt(a, "a %s b ? c %s d : e %s f", x, x, x).s,
		    str_fmt(a, "(? (%s a b) (%s c d) (%s e f))", x, x, x).s);
	}
}

/* No file is one, but what is given by --set and typed at the console. */
static void check_expression(struct run *r)
{
	struct diags d = { .arena = &r->arena };
	struct source *s =
	    source_from(STR("--set"), STR("{ a = 1\n  b = 2 }"), &r->arena);
	const struct ast_expr *x = parse_expr(s, &r->arena, &d);

	tell(r, x->kind == EXPR_MAP && x->n_items == 4 && d.n == 0,
	     STR("an expression alone"));
	diags_release(&d);
}

static void check_grammar(struct run *r)
{
	check_expression(r);
	for (size_t i = 1; i <= grammar_rules(); i++)
		if (!grammar_used(i))
			tell(r, false,
			     str_fmt(&r->arena,
				     "no case uses the rule of \"%s\", "
				     "grammar.y:%u",
				     grammar_rule_name(i),
				     grammar_rule_line(i)));
	tell(r, grammar_rules() > 100, STR("the rules of the grammar"));
}

static void run_all(struct run *r, const char *ending,
		    void (*one)(struct run *r, const char *path))
{
	const char *folder = getenv("DMSL_SRCDIR");
	struct str pattern = str_fmt(&r->arena, "%s/tests/lang/*.%s",
				     folder ? folder : ".", ending);
	glob_t found;

	if (glob(pattern.s, 0, NULL, &found) != 0) {
		fprintf(stderr, "no files match %s\n", pattern.s);
		exit(1);
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		one(r, found.gl_pathv[i]);
	globfree(&found);
}

int main(int argc, char **argv)
{
	struct run r = { .is_update =
			     argc > 1 && !strcmp(argv[1], "--update") };

	run_all(&r, "dmsl", run_one);
	run_all(&r, "cases", run_cases);
	if (!r.is_update) {
		check_precedence(&r);
		check_grammar(&r);
		printf("1..%zu\n", r.n);
	}
	arena_release(&r.arena);
	return r.n_failed > 0;
}
