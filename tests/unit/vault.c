/* The local secret store: what was put comes back, and nothing else does. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "providers/vault.h"

#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[SCRATCH_MAX];
static struct arena mem;
static unsigned char key[VAULT_KEY_SIZE] = { 1, 2, 3 };

static int set_up(void **state)
{
	(void)state;
	return scratch_folder(folder, "test") ? 0 : -1;
}

static int tear_down(void **state)
{
	struct error err = { 0 };

	(void)state;
	arena_release(&mem);
	return file_remove_tree(folder, &err);
}

static char *path(const char *name)
{
	return str_c(str_fmt(&mem, "%s/%s", folder, name), &mem);
}

static void assert_get(const char *name, const char *wanted)
{
	struct error err = { 0 };
	struct str value;

	if (vault_get(folder, key, str_from(name), &mem, &value, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(value.s, wanted);
	assert_int_equal(value.n, strlen(wanted));
}

static void assert_refused(const char *name, enum error_kind kind)
{
	struct error err = { 0 };
	struct str value;

	assert_int_equal(
	    vault_get(folder, key, str_from(name), &mem, &value, &err), -1);
	assert_int_equal(err.kind, kind);
}

static void keeps_values(void **state)
{
	struct error err = { 0 };
	struct stat info;

	(void)state;
	assert_int_equal(vault_put(folder, key, STR("a"), STR("one"), &err), 0);
	assert_int_equal(vault_put(folder, key, STR("b-2_.x"), STR(""), &err),
			 0);
	assert_get("a", "one");
	assert_get("b-2_.x", "");
	assert_int_equal(vault_put(folder, key, STR("a"), STR("two"), &err), 0);
	assert_get("a", "two");
	assert_int_equal(stat(path("a.secret"), &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(vault_remove(folder, STR("a"), &err), 0);
	assert_int_equal(vault_remove(folder, STR("a"), &err), 0);
	assert_refused("a", ERROR_NOT_FOUND);
}

static void refuses_what_was_changed(void **state)
{
	struct error err = { 0 };
	struct str file;

	(void)state;
	assert_int_equal(vault_put(folder, key, STR("c"), STR("value"), &err),
			 0);
	/* In the place of another. */
	assert_int_equal(file_read(path("c.secret"), 1000, &mem, &file, &err),
			 0);
	assert_int_equal(file_replace(path("d.secret"), file, 0600, &err), 0);
	assert_refused("d", ERROR_CORRUPT);
	/* Each byte counts, and so does the end. */
	for (size_t i = 0; i < file.n; i++) {
		char *changed = arena_new(&mem, char, file.n);

		memcpy(changed, file.s, file.n);
		changed[i] ^= 1;
		assert_int_equal(file_replace(path("c.secret"),
					      (struct str){ changed, file.n },
					      0600, &err),
				 0);
		assert_refused("c", ERROR_CORRUPT);
	}
	assert_int_equal(file_replace(path("c.secret"),
				      str_sub(file, 0, file.n - 1), 0600, &err),
			 0);
	assert_refused("c", ERROR_CORRUPT);
	/* Another key. */
	assert_int_equal(file_replace(path("c.secret"), file, 0600, &err), 0);
	assert_get("c", "value");
	key[5]++;
	assert_refused("c", ERROR_CORRUPT);
	key[5]--;
}

static void refuses_names(void **state)
{
	static const char *const names[] = { "",    ".",    "..",  ".a",
					     "a/b", "../a", "a b", "\xc3\xa4" };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(
		    vault_put(folder, key, str_from(names[i]), STR("x"), &err),
		    -1);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_refused(names[i], ERROR_INVALID);
	}
}

static void holds_no_clear_text(void **state)
{
	struct error err = { 0 };
	struct str file;

	(void)state;
	assert_int_equal(
	    vault_put(folder, key, STR("e"), STR("sentinel"), &err), 0);
	assert_int_equal(file_read(path("e.secret"), 1000, &mem, &file, &err),
			 0);
	assert_false(str_contains(file, STR("sentinel")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_values),
		cmocka_unit_test(refuses_what_was_changed),
		cmocka_unit_test(refuses_names),
		cmocka_unit_test(holds_no_clear_text),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
