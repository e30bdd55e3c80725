/* Files of a stack: use, components, and what is reported about names. */
#include <config.h>

#include "lang/config.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/diag.h"

#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct fixture {
	char folder[SCRATCH_MAX];
	struct arena arena;
	struct diags diags;
	struct error err;
	struct config *config;
	char *text; /* the findings as printed */
	size_t size;
};

static bool is_type(struct str name)
{
	return str_is(name, "vpc") || str_is(name, "subnet") ||
	       str_is(name, "db_cluster");
}

static const char *const type_names[] = { "vpc", "subnet", "db_cluster", NULL };

static struct str path_of(struct fixture *f, const char *name)
{
	return str_fmt(&f->arena, "%s/%s", f->folder, name);
}

static void file(struct fixture *f, const char *name, const char *text)
{
	struct str path = path_of(f, name);
	struct str folder =
	    str_dup(str_sub(path, 0, (size_t)str_rfind(path, '/')), &f->arena);

	assert_int_equal(file_make_folders(folder.s, 0755, &f->err), 0);
	assert_int_equal(file_replace(path.s, str_from(text), 0644, &f->err),
			 0);
}

static void load(struct fixture *f)
{
	FILE *out = open_memstream(&f->text, &f->size);
	struct config_options o = {
		.is_type = is_type,
		.type_names = type_names,
		.library = path_of(f, "library").s,
	};

	f->config = config_load_with(path_of(f, "s/dev.dmsl").s, &o, &f->arena,
				     &f->diags, &f->err);
	diags_print(&f->diags, out, false, 0, 100);
	fclose(out);
}

static void expect(struct fixture *f, const char *part)
{
	if (!strstr(f->text, part))
		fail_msg("\"%s\" is not in:\n%s", part, f->text);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->diags.arena = &f->arena;
	*state = f;
	return scratch_folder(f->folder, "config") ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->config)
		config_release(f->config);
	diags_release(&f->diags);
	arena_release(&f->arena);
	free(f->text);
	file_remove_tree(f->folder, &f->err);
	free(f);
	return 0;
}

static void finds_components(void **state)
{
	struct fixture *f = *state;

	file(f, "s/dev.dmsl",
	     "use \"more/../more/a.dmsl\"\n"
	     "stack dev { provider = local }\n"
	     "network n { }\n"
	     "mine m { }\n"
	     "vpc v { }\n");
	/* Uses itself and the stack: each file is read once. */
	file(f, "s/more/a.dmsl",
	     "use \"a.dmsl\"\nuse \"../dev.dmsl\"\n"
	     "component mine(a: string) { subnet s { } }\n"
	     "let x = 1\n");
	file(f, "library/network.dmsl",
	     "component network() { inner i { } }\n");
	file(f, "library/inner.dmsl", "component inner() { shadow s { } }\n");
	file(f, "library/shadow.dmsl", "component shadow() { broken { }\n");
	file(f, "s/lib/shadow.dmsl", "component shadow() { vpc v { } }\n");
	load(f);
	assert_string_equal(f->text, "");
	assert_non_null(f->config);
	assert_non_null(f->config->stack);
	assert_int_equal(f->config->n_files, 5);
	assert_int_equal(f->config->components.n, 4);
	assert_true(map_has(&f->config->components, STR("shadow")));
	/* use, stack, network, mine, vpc; use, use, let. */
	assert_int_equal(f->config->n_decls, 8);
	assert_true(str_is(f->config->decls[7]->name, "x"));
}

static void reports_unknown_types(void **state)
{
	struct fixture *f = *state;

	file(f, "s/dev.dmsl",
	     "stack dev { }\n"
	     "vcp v { }\n"
	     "network n { }\n"
	     "vcp w { }\n"
	     "existing network x { id = 1 }\n"
	     "zzzzzz z { }\n"
	     "auroa a { }\n");
	file(f, "library/aurora.dmsl", "component aurora() { }\n");
	file(f, "library/network.dmsl",
	     "component network() { db_clustre c { } }\n");
	load(f);
	expect(f, "dev.dmsl:2:1: error[E0201]: unknown resource type or "
		  "component \"vcp\"\n"
		  "    2 | vcp v { }\n"
		  "      | ^~~\n"
		  "      = hint: Did you mean \"vpc\"?\n");
	expect(f, "dev.dmsl:4:1: error[E0201]");
	expect(f, "dev.dmsl:5:10: error[E0206]");
	expect(f, "dev.dmsl:6:1: error[E0201]: unknown resource type or "
		  "component \"zzzzzz\"\n    6 | zzzzzz z { }\n"
		  "      | ^~~~~~\n");
	expect(f, "Did you mean \"aurora\"?");
	expect(f, "library/network.dmsl:1:23: error[E0201]");
	expect(f, "Did you mean \"db_cluster\"?");
	assert_int_equal(f->diags.n_errors, 6);
}

static void reports_duplicates(void **state)
{
	struct fixture *f = *state;

	file(f, "s/dev.dmsl",
	     "stack dev { }\nstack two { }\n"
	     "param x : string\nlet x = 1\n"
	     "vpc a { }\nexisting vpc a { }\nsubnet a { }\n"
	     "output a = 1\ncheck a { }\noutput a = 2\n"
	     "provider aws { }\nprovider aws b { }\nprovider aws b { }\n"
	     "component c(p: string) { let p = 1  stack s { } }\n"
	     "component c() { }\n"
	     "component vpc() { }\n"
	     "use \"none.dmsl\"\n");
	load(f);
	expect(f, "error[E0204]: a second stack block");
	expect(f, "dev.dmsl:4:5: error[E0202]: let \"x\" is declared twice");
	expect(f, "dev.dmsl:3:7: note: first declared here\n"
		  "    3 | param x : string\n"
		  "      |       ~\n");
	expect(f, "error[E0202]: output \"a\" is declared twice");
	expect(f, "error[E0202]: provider \"aws\" is declared twice");
	expect(f, "error[E0202]: let \"p\" is declared twice");
	expect(f, "error[E0206]: stack cannot stand in a component");
	expect(f, "error[E0202]: component \"c\" is declared twice");
	expect(f, "error[E0208]: component \"vpc\" has the name of a");
	expect(f, "dev.dmsl:17:5: error[E0207]: could not");
	assert_int_equal(f->diags.n_errors, 9);
}

static void wants_one_stack(void **state)
{
	struct fixture *f = *state;

	file(f, "s/dev.dmsl", "let x = 1\n");
	load(f);
	expect(f, "dev.dmsl:1:1: error[E0204]: no stack block\n");
	assert_null(f->config->stack);
}

static void fails_without_the_file(void **state)
{
	struct fixture *f = *state;

	load(f);
	assert_null(f->config);
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
}

static void syntax_errors_hide_nothing_else(void **state)
{
	struct fixture *f = *state;

	file(f, "s/dev.dmsl", "stack dev { provider = }\nvpc v { a = ] }\n");
	load(f);
	assert_int_equal(f->diags.n_errors, 2);
	assert_non_null(f->config->stack);
}

/* What could not be read is looked up, and not searched for each name. */
static void many_torn_declarations_are_quick(void **state)
{
	enum { N = 20000 };
	struct fixture *f = *state;
	clock_t start = clock();
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_add_c(&text, "stack dev { provider = local }\n");
	for (int i = 0; i < N; i++)
		buf_fmt(&text, "component ) torn_%d() { }\n", i);
	file(f, "s/dev.dmsl", text.data);
	buf_release(&text);
	load(f);
	for (int i = 0; i < 2 * N; i++)
		assert_int_equal(
		    config_is_torn(f->config, str_fmt(&f->arena, "torn_%d", i)),
		    i < N);
	assert_false(config_is_torn(f->config, STR("torn_")));
	assert_false(config_is_torn(f->config, STR("")));
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_components, setup,
						teardown),
		cmocka_unit_test_setup_teardown(reports_unknown_types, setup,
						teardown),
		cmocka_unit_test_setup_teardown(reports_duplicates, setup,
						teardown),
		cmocka_unit_test_setup_teardown(wants_one_stack, setup,
						teardown),
		cmocka_unit_test_setup_teardown(fails_without_the_file, setup,
						teardown),
		cmocka_unit_test_setup_teardown(syntax_errors_hide_nothing_else,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
		    many_torn_declarations_are_quick, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
