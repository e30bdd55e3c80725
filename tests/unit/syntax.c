/* Places, findings, suggestions, references, limits of the parser. */
#include <config.h>

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/diag.h"
#include "lang/parse.h"
#include "lang/refs.h"
#include "lang/source.h"
#include "lang/suggest.h"
#include "lang/token.h"
#include "lang/utf8.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void source_finds_lines_and_columns(void **state)
{
	struct arena a = { 0 };
	struct source *s = source_from(
	    STR("x/y.dmsl"), STR("ab\n\t\xc3\xa9z\r\n\xe6\xbc\xa2w"), &a);
	uint32_t line, column;

	(void)state;
	assert_true(str_is(s->folder, "x"));
	assert_int_equal(s->n_lines, 3);
	source_position(s, 0, &line, &column);
	assert_int_equal(line * 100 + column, 101);
	source_position(s, 2, &line, &column);
	assert_int_equal(line * 100 + column, 103);
	source_position(s, 6, &line, &column); /* z */
	assert_int_equal(line * 100 + column, 210);
	source_position(s, 12, &line, &column); /* w, behind a wide one */
	assert_int_equal(line * 100 + column, 303);
	source_position(s, 1000, &line, &column);
	assert_int_equal(line * 100 + column, 304);
	assert_true(str_is(source_line(s, 2), "\t\xc3\xa9z"));
	assert_true(str_is(source_line(s, 4), ""));
	arena_release(&a);
}

static void utf8_is_strict(void **state)
{
	static const char *const wrong[] = {
		"\x80",		"\xc0\x80",	    "\xc3", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff",
	};
	char out[4];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(utf8_check(str_from(wrong[i])), 0);
	assert_int_equal(utf8_check(STR("a\xf0\x9f\x98\x80z")), 6);
	for (uint32_t code = 1; code <= 0x10ffff; code += 7) {
		size_t n = utf8_write(code, out);
		struct utf8 c;

		if (code >= 0xd800 && code <= 0xdfff) {
			assert_int_equal(n, 0);
			continue;
		}
		c = utf8_next((struct str){ out, n });
		assert_true(c.is_valid);
		assert_int_equal(c.code, code);
		assert_int_equal(c.length, n);
	}
}

static char *printed(const struct diags *d, bool is_json, unsigned width,
		     size_t most)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (is_json)
		diags_print_json(d, out);
	else
		diags_print(d, out, false, width, most);
	fclose(out);
	return text;
}

static void findings_are_sorted_and_said_once(void **state)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	struct source *s =
	    source_from(STR("dev.dmsl"),
			STR("aurora source {\n  verison = \"15\"\n}\n"), &a);
	struct place second = { s, { 18, 25 } }, first = { s, { 0, 6 } };
	struct diag *x;
	char *text;

	(void)state;
	for (int i = 0; i < 3; i++) {
		x = diag_error(&d, "E0203", second,
			       "unrecognised attribute \"verison\" in aurora "
			       "\"source\"");
		diag_note(&d, x, first, "in this block");
		diag_hint(&d, x, "Did you mean \"version\"?");
	}
	diag_warning(&d, "W0001", first, "odd");
	assert_int_equal(d.n, 2);
	assert_int_equal(d.n_errors, 1);
	text = printed(&d, false, 0, 10);
	assert_string_equal(
	    text, "dev.dmsl:1:1: warning[W0001]: odd\n"
		  "    1 | aurora source {\n"
		  "      | ^~~~~~\n"
		  "dev.dmsl:2:3: error[E0203]: unrecognised attribute "
		  "\"verison\" in aurora \"source\"\n"
		  "    2 |   verison = \"15\"\n"
		  "      |   ^~~~~~~\n"
		  "dev.dmsl:1:1: note: in this block\n"
		  "    1 | aurora source {\n"
		  "      | ~~~~~~\n"
		  "      = hint: Did you mean \"version\"?\n");
	free(text);
	text = printed(&d, true, 0, 0);
	assert_non_null(strstr(text, "\"code\": \"E0203\", \"file\": "
				     "\"dev.dmsl\", \"line\": 2, \"column\": "
				     "3, \"end_line\": 2, \"end_column\": 10"));
	assert_non_null(strstr(text, "\"hint\": \"Did you mean "
				     "\\\"version\\\"?\""));
	free(text);
	diags_release(&d);
	text = printed(&d, true, 0, 0);
	assert_string_equal(text, "[]\n");
	free(text);
	arena_release(&a);
}

/* What is said twice is one finding, and no count is more than is known. */
static void more_findings_than_are_kept(void **state)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	char spaces[DIAGS_MAX + 10];
	struct source *s;
	size_t n;
	char *text;

	(void)state;
	memset(spaces, ' ', sizeof(spaces));
	s = source_from(STR("x"), (struct str){ spaces, sizeof(spaces) }, &a);
	for (uint32_t i = 0; i < 2 * DIAGS_MAX; i++) {
		struct span at = { i % DIAGS_MAX, i % DIAGS_MAX };

		diag_error(&d, "E0101", (struct place){ s, at }, "no");
	}
	assert_int_equal(d.n_errors, DIAGS_MAX);
	text = printed(&d, false, 0, 20);
	assert_non_null(strstr(text, "\n9980 more errors are not shown\n"));
	free(text);
	n = d.n_errors;
	for (uint32_t i = 0; i < 2; i++)
		diag_error(&d, "E0101",
			   (struct place){ s, { DIAGS_MAX, DIAGS_MAX } }, "no");
	assert_true(d.n_errors > n);
	assert_int_equal(d.n, DIAGS_MAX);
	text = printed(&d, false, 0, 20);
	assert_non_null(
	    strstr(text, "\nmore than 9980 more errors are not shown\n"));
	free(text);
	diags_release(&d);
	arena_release(&a);
}

static void findings_are_cut_and_counted(void **state)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	struct buf line;
	struct source *s;
	char *text;

	(void)state;
	buf_init(&line, 10000);
	for (int i = 0; i < 1000; i++)
		buf_fmt(&line, "%04d ", i);
	s = source_from(STR("x"), buf_str(&line), &a);
	for (uint32_t i = 0; i < 1000; i++)
		diag_error(&d, "E0101",
			   (struct place){ s, { i * 5, i * 5 + 4 } },
			   "no\033[31m");
	assert_int_equal(d.n, 1000);
	text = printed(&d, false, 80, 990);
	assert_non_null(strstr(text, "10 more errors are not shown\n"));
	assert_non_null(strstr(text, "x:1:2501: error[E0101]: no?[31m\n"
				     "    1 | ... 0491 0492 0493 0494 0495"));
	for (const char *at = text; *at;) {
		size_t n = strcspn(at, "\n");

		assert_true(n <= 80);
		at += n + 1;
	}
	free(text);
	diags_release(&d);
	buf_release(&line);
	arena_release(&a);
}

static const char *nearest(const char *wrong)
{
	static const char *const names[] = { "version", "vpc", "subnet",
					     "aurora", "db_cluster" };
	struct suggest s = suggest_start(str_from(wrong));

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		suggest_try(&s, str_from(names[i]));
	return s.best.n ? s.best.s : "";
}

static void suggest_finds_the_nearest(void **state)
{
	(void)state;
	assert_string_equal(nearest("verison"), "version");
	assert_string_equal(nearest("vcp"), "vpc");
	assert_string_equal(nearest("auroa"), "aurora");
	assert_string_equal(nearest("Subnets"), "subnet");
	assert_string_equal(nearest("dbcluster"), "db_cluster");
	assert_string_equal(nearest("xyz"), "");
	assert_string_equal(nearest(""), "");
	assert_string_equal(nearest("a_name_that_is_longer_than_sixty_four_"
				    "letters_gets_no_suggestion_at_all"),
			    "");
}

struct seen {
	struct buf text;
};

static void note_ref(void *context, const struct ref *r)
{
	struct seen *seen = context;

	buf_fmt(&seen->text, "%.*s", STR_ARG(r->name));
	if (r->second.n)
		buf_fmt(&seen->text, ".%.*s", STR_ARG(r->second));
	if (r->has_key)
		buf_fmt(&seen->text, "[%.*s]", STR_ARG(r->key));
	if (r->attr.n)
		buf_fmt(&seen->text, ">%.*s", STR_ARG(r->attr));
	buf_add_char(&seen->text, ' ');
	assert_true(str_starts(source_text(r->place), r->name.s) ||
		    r->place.span.end > r->place.span.start);
}

static void check_refs(const char *text, const char *wanted)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	struct source *s = source_from(STR("x"), str_from(text), &a);
	struct seen seen;

	buf_init(&seen.text, 10000);
	refs_find(parse_expr(s, &a, &d), note_ref, &seen);
	assert_int_equal(d.n, 0);
	assert_string_equal(seen.text.data, wanted);
	buf_release(&seen.text);
	arena_release(&a);
}

static void refs_are_found(void **state)
{
	(void)state;
	check_refs("1 + 2", "");
	check_refs("a + b.c", "a b.c ");
	check_refs("t.n[\"k\"].x.y", "t.n[k]>x ");
	check_refs("t.n[k].x", "t.n>x k ");
	check_refs("t.n[*].id", "t.n>id ");
	check_refs("t.n.x[0][t.m.y].z", "t.n>x t.m>y ");
	check_refs("f(a, {k = b, (c) = 1})[d]", "a b c d ");
	check_refs("[for x in xs : x.id + y if x.ok]", "xs y ");
	check_refs("{for k, v in m : \"${k}-${z}\" => [v, k, q]}", "m z q ");
	check_refs("[for x in [for x in x : x] : x]", "x ");
	check_refs("a ? b : [for i in c : i] == d", "a b c d ");
	check_refs("x[\"a\"].b", "x ");
}

static void check_expr(const char *text, size_t n_errors)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	struct source *s = source_from(STR("x"), str_from(text), &a);

	assert_non_null(parse_expr(s, &a, &d));
	assert_int_equal(d.n_errors, n_errors);
	diags_release(&d);
	arena_release(&a);
}

static void expressions_stand_alone(void **state)
{
	(void)state;
	check_expr("aws", 0);
	check_expr("{ a = 1 }", 0);
	check_expr("check", 0);
	check_expr("", 1);
	check_expr("1 2", 1);
	check_expr("a }", 1);
	check_expr("let x = 1", 1);
	check_expr("\xff", 1);
}

/* `text` n times over, between two others. */
static char *repeat(const char *before, const char *text, size_t n,
		    const char *after)
{
	struct buf b;
	char *copy;

	buf_init(&b, 64 << 20);
	buf_add_c(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_add_c(&b, text);
	buf_add_c(&b, after);
	copy = strdup(b.data);
	buf_release(&b);
	return copy;
}

static void nesting_is_limited(void **state)
{
	static const char *const deep[] = { "[",    "(",    "{a=",	 "-",
					    "not ", "\"${", "f(",	 "a[",
					    "1+",   "a?b:", "[for x in " };

	(void)state;
	for (size_t i = 0; i < sizeof(deep) / sizeof(*deep); i++) {
		char *text = repeat("", deep[i], 100000, "1");
		struct arena a = { 0 };
		struct diags d = { .arena = &a };
		struct source *s = source_from(STR("x"), str_from(text), &a);
		char *out;

		parse_expr(s, &a, &d);
		assert_true(d.n_errors >= 1);
		assert_true(d.n_errors < 20000);
		out = printed(&d, false, 80, 20000);
		assert_non_null(strstr(out, "[E0110]"));
		free(out);
		free(text);
		diags_release(&d);
		arena_release(&a);
	}
}

static void size_is_not(void **state)
{
	char *text = repeat("[", "\"a\", x.y[\"z\"],\n", 100000, "]");
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	struct source *s = source_from(STR("x"), str_from(text), &a);
	struct ast_expr *x = parse_expr(s, &a, &d);

	(void)state;
	assert_int_equal(d.n, 0);
	assert_int_equal(x->kind, EXPR_LIST);
	assert_int_equal(x->n_items, 200000);
	free(text);
	text = repeat("x = \"", "0123456789abcdef", (1 << 20) + 1, "\"");
	s = source_from(STR("x"), str_skip(str_from(text), 4), &a);
	parse_expr(s, &a, &d);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.items[0]->code, "E0111");
	free(text);
	diags_release(&d);
	arena_release(&a);
}

/* Every piece of a text that is right is reported or accepted, and ends. */
static void any_text_ends(void **state)
{
	static const char text[] =
	    "param p : enum(a, b) secret = a { check = p > 1 }\n"
	    "use \"x\" network n for k, v in { a = 1 } if x { a = <<~S\n"
	    "  t ${u}\n  S\n b { c = [1, \"d${e}\"] } }\n"
	    "dms_task t { tables { include a.% where b >= 1 "
	    "rename table a.b to c } }\n";
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char copy[sizeof(text)];
		struct arena a = { 0 };
		struct diags d = { .arena = &a };
		struct source *s;

		memcpy(copy, text, sizeof(copy));
		for (int j = 0; j < 3; j++) {
			seed = seed * 1103515245 + 12345;
			copy[(seed >> 8) % (sizeof(text) - 1)] =
			    text[(seed >> 4) % (sizeof(text) - 1)];
		}
		s = source_from(STR("x"), str_from(copy), &a);
		parse_file(s, &a, &d);
		diags_release(&d);
		arena_release(&a);
	}
	for (size_t n = 0; n < sizeof(text); n++) {
		struct arena a = { 0 };
		struct diags d = { .arena = &a };
		struct source *s =
		    source_from(STR("x"), (struct str){ text, n }, &a);

		parse_file(s, &a, &d);
		diags_release(&d);
		arena_release(&a);
	}
}

/* Every code that the sources give must have a row in diag_codes.h. */
static void check_codes(const char *path, struct arena *a)
{
	struct error err = { 0 };
	struct str text;

	assert_int_equal(file_read(path, 1 << 20, a, &text, &err), 0);
	for (size_t i = 0; i + 7 <= text.n; i++) {
		struct str code = str_sub(text, i + 1, i + 6);

		if (text.s[i] != '"' || text.s[i + 6] != '"' ||
		    (code.s[0] != 'E' && code.s[0] != 'W') ||
		    strspn(code.s + 1, "0123456789") != 4)
			continue;
		if (!diag_title(code))
			fail_msg("%s: %.*s has no title", path, STR_ARG(code));
	}
}

static void codes_have_titles(void **state)
{
	static const char *const patterns[] = {
		"lang/*.[cly]", "lang/dms/*.c",	 "engine/*.c",
		"engine/*/*.c", "providers/*.c", "providers/*/*.c",
	};
	const char *folder = getenv("DMSL_SRCDIR");
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		struct str pattern =
		    str_fmt(&a, "%s/%s", folder ? folder : ".", patterns[i]);
		glob_t found;

		if (glob(pattern.s, 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++)
			check_codes(found.gl_pathv[j], &a);
		globfree(&found);
	}
	assert_string_equal(diag_title(STR("E0102")), "a string is not closed");
	assert_null(diag_title(STR("E9999")));
	arena_release(&a);
}

/* Of each line that means something the reading ends a piece somewhere. */
static const char block[] =
    "# what it is for\n"
    "data d%zu if x # here\n"
    "{\n"
    "\ta = \"${b}-\\\"${c}\"\n"
    "\tb = [1,\n\t  2\n\t  -3 # three\n\n\t]\n"
    "\tc = <<SQL\n\tselect ${d.\ne}\nSQL\n"
    "\ttables {\n"
    "\t\tinclude sales.orders_%%\n"
    "\t\texclude \"my sales\".a\n"
    "\t\tadd column s.t.c string(20) as \"x\"\n"
    "\t}\n"
    "\tsource {\n\t\tlet = {\n\t\tx = 1\n\t\ty = 2\n\t\tif\n\t\t= 3 }\n\t}\n"
    "}\n"
    "let long_name_of_%zu = \"a string of more than sixteen bytes\"\n"
    "component c%zu(a: string secret,\n  b = 1 { check = b })\n"
    "{ output o = a\n}\n";

static void check_same_tokens(const struct source *s)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	unsigned char digests[2][32];
	struct tokens all, view;
	struct token_stream *t = token_stream_open(s, &d);
	size_t at = 0, seen = 0;

	tokens_read(s, TEXT_FILE, &all, &d);
	tokens_digest(&all, s, digests[0]);
	assert_non_null(t);
	while (at < all.n) {
		/* Some are kept for another look. */
		size_t gone = seen > 7 ? seen - 7 : 0;
		size_t first = at - (seen - gone);

		token_stream_more(t, gone, &view);
		assert_true(view.n > seen - gone);
		assert_true(first + view.n <= all.n);
		assert_memory_equal(view.items, all.items + first,
				    view.n * sizeof(*view.items));
		at = first + view.n;
		seen = view.n;
	}
	token_stream_close(t, digests[1]);
	assert_memory_equal(digests[0], digests[1], 32);
	assert_int_equal(d.n, 0);
	tokens_release(&all);
	diags_release(&d);
	arena_release(&a);
}

static void pieces_are_the_whole(void **state)
{
	struct arena a = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (size_t shift = 0; shift < 300; shift++) {
		struct buf text;

		/* One more token, so that pieces end elsewhere. */
		buf_add_c(&b, shift % 3 ? "let a = -1\n" : "# a\n");
		buf_init(&text, 1 << 20);
		buf_add_str(&text, buf_str(&b));
		for (size_t i = 0; i < 20; i++)
			buf_fmt(&text, block, i, i, i);
		check_same_tokens(
		    source_from(STR("a.dmsl"), buf_str(&text), &a));
		buf_release(&text);
	}
	buf_release(&b);
	arena_release(&a);
}

/* Text is as it was, also where the reading of pieces ends at a mistake. */
static void mistakes_are_found_late(void **state)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	struct ast_file *f;
	struct source *s;
	struct str text;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < 100; i++)
		buf_fmt(&b, block, i, i, i);
	buf_add_c(&b, "let x = = 1\n");
	for (size_t i = 0; i < 100; i++)
		buf_fmt(&b, block, i, i, i);
	text = buf_str(&b);
	s = source_from(STR("a.dmsl"), text, &a);
	f = parse_file(s, &a, &d);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.items[0]->code, "E0108");
	assert_int_equal(f->n_decls, 601);
	assert_memory_equal(s->text.s, text.s, text.n);
	buf_release(&b);
	diags_release(&d);
	arena_release(&a);
}

static void add_name(void *context, const struct ast_decl *d)
{
	buf_fmt(context, " %.*s", STR_ARG(d->name));
}

/* Each as soon as it is read; those inside of a component are not the file's.
 */
static void declarations_are_told(void **state)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	struct source *s =
	    source_from(STR("a.dmsl"),
			STR("stack dev { provider = core }\n"
			    "component c() { data inside { value = 1 } }\n"
			    "data x { value = 2 }\n"),
			&a);
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(parse_file_with(s, add_name, &b, &a, &d)->n_decls, 3);
	assert_string_equal(b.data, " dev c x");
	/* With a mistake it is read once more, and what was read told again. */
	buf_clear(&b);
	s = source_from(STR("a.dmsl"),
			STR("stack dev { provider = core }\nlet y = =\n"), &a);
	parse_file_with(s, add_name, &b, &a, &d);
	assert_int_equal(d.n_errors, 1);
	assert_string_equal(b.data, " dev dev y");
	buf_release(&b);
	diags_release(&d);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_finds_lines_and_columns),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(findings_are_sorted_and_said_once),
		cmocka_unit_test(findings_are_cut_and_counted),
		cmocka_unit_test(more_findings_than_are_kept),
		cmocka_unit_test(suggest_finds_the_nearest),
		cmocka_unit_test(refs_are_found),
		cmocka_unit_test(expressions_stand_alone),
		cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(size_is_not),
		cmocka_unit_test(any_text_ends),
		cmocka_unit_test(codes_have_titles),
		cmocka_unit_test(pieces_are_the_whole),
		cmocka_unit_test(mistakes_are_found_late),
		cmocka_unit_test(declarations_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
