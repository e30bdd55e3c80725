/* The state key, sealed values, derived secrets and hashes. */
#include <config.h>

#include "engine/seal.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* 64 bytes, 0 to 63. */
#define KEY                                                                    \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEy" \
	"MzQ1Njc4OTo7PD0+Pw=="

static struct arena arena;
static char folder[SCRATCH_MAX];

static int set_up(void **state)
{
	(void)state;
	unsetenv("DMSL_STATE_KEY");
	unsetenv("DMSL_STATE_KEY_FILE");
	return scratch_folder(folder, "seal") ? 0 : -1;
}

static int tear_down(void **state)
{
	struct error err;

	(void)state;
	arena_release(&arena);
	return file_remove_tree(folder, &err);
}

static struct seal *open_with(const char *key)
{
	struct seal *s = NULL;
	struct error err;

	setenv("DMSL_STATE_KEY", key, 1);
	assert_int_equal(seal_open(folder, false, &s, &err), 0);
	unsetenv("DMSL_STATE_KEY");
	assert_non_null(s);
	return s;
}

static struct str sealed(const struct seal *s, const char *context,
			 struct str plain)
{
	struct error err;
	struct buf b;
	struct str text;

	buf_init(&b, 1 << 20);
	assert_int_equal(seal_value(s, str_from(context), plain, &b, &err), 0);
	text = str_dup(buf_str(&b), &arena);
	buf_release(&b);
	return text;
}

static bool opens(const struct seal *s, const char *context, struct str text,
		  struct str expect)
{
	struct error err = { 0 };
	struct str plain;

	if (seal_open_value(s, str_from(context), text, &arena, &plain, &err) <
	    0) {
		assert_int_equal(err.kind, ERROR_CORRUPT);
		return false;
	}
	return str_eq(plain, expect);
}

static void values_open_only_where_they_were_sealed(void **state)
{
	struct seal *s = open_with(KEY);
	struct seal *other;
	char *key = str_c(STR(KEY), &arena);

	(void)state;
	key[0] = 'B';
	other = open_with(key);
	for (size_t n = 0; n < 70; n++) {
		char *plain = arena_new(&arena, char, n + 1);
		struct str text;

		memset(plain, 'x', n);
		text = sealed(s, "here", (struct str){ plain, n });
		assert_true(
		    str_eq(text, sealed(s, "here", (struct str){ plain, n })));
		assert_true(opens(s, "here", text, (struct str){ plain, n }));
		assert_false(opens(s, "there", text, STR("")));
		assert_false(opens(s, "", text, STR("")));
		assert_false(opens(other, "here", text, STR("")));
		assert_false(str_eq(
		    text, sealed(other, "here", (struct str){ plain, n })));
	}
	seal_close(s);
	seal_close(other);
}

static void every_flipped_bit_is_found(void **state)
{
	struct seal *s = open_with(KEY);
	struct str text = sealed(s, "c", STR("a secret"));

	(void)state;
	for (size_t i = 0; i < text.n * 8; i++) {
		char *copy = str_c(text, &arena);

		copy[i / 8] ^= (char)(1 << i % 8);
		/* The last digits' unused bits are no part of the bytes. */
		if (opens(s, "c", str_from(copy), STR("a secret")) &&
		    i / 8 < text.n - 4)
			fail_msg("bit %zu changed nothing", i);
	}
	for (size_t n = 0; n < text.n; n++)
		assert_false(opens(s, "c", str_sub(text, 0, n), STR("")));
	seal_close(s);
}

static void output_is_the_same_for_ever(void **state)
{
	struct seal *s = open_with(KEY);
	unsigned char bytes[4];
	struct error err;
	char hex[65];

	(void)state;
	/*
	 * What an earlier version sealed must open: these were made once, by
	 * this code and by an independent one in Python.
	 */
	assert_string_equal(sealed(s, "context", STR("plain")).s,
			    "SRUZE0JynWw/4T+nG+CedExMrhPOWw==");
	assert_int_equal(seal_derive(s, STR("label"), bytes, 4, &err), 0);
	snprintf(hex, sizeof(hex), "%02x%02x%02x%02x", bytes[0], bytes[1],
		 bytes[2], bytes[3]);
	assert_string_equal(hex, "f9ca04b7");
	/* Each begins anew. */
	assert_int_equal(seal_hash(s, STR("other"), hex, &err), 0);
	assert_int_equal(seal_hash(s, STR("text"), hex, &err), 0);
	assert_string_equal(hex,
			    "42eb4eed96fedf1b4e6bd95349172d030bdf620b4bd7a34"
			    "0db2f6a10bd30759c");
	digest_sha256_hex(STR("abc"), hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a"
			    "9cb410ff61f20015ad");
	seal_close(s);
}

static void no_key_is_made_unasked(void **state)
{
	struct seal *s;
	struct error err;

	(void)state;
	assert_int_equal(seal_open(folder, false, &s, &err), 0);
	assert_null(s);
}

static void racing_processes_end_with_one_key(void **state)
{
	struct str dir = str_fmt(&arena, "%s/race/dmsl", folder);
	int fds[2];
	char first[65] = "";
	struct stat info;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < 16; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct seal *s;
			struct error err;
			char hex[65];

			if (seal_open(dir.s, true, &s, &err) < 0 || !s ||
			    seal_hash(s, STR("x"), hex, &err) < 0 ||
			    write(fds[1], hex, 64) != 64)
				_exit(1);
			_exit(0);
		}
	}
	for (int i = 0; i < 16; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	close(fds[1]);
	for (int i = 0; i < 16; i++) {
		char hex[65] = "";

		assert_int_equal(read(fds[0], hex, 64), 64);
		if (i == 0)
			memcpy(first, hex, sizeof(first));
		assert_string_equal(hex, first);
	}
	close(fds[0]);
	assert_int_equal(stat(str_fmt(&arena, "%s/key", dir.s).s, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(access(str_fmt(&arena, "%s/key.new", dir.s).s, F_OK),
			 -1);
}

static void bad_keys_are_refused(void **state)
{
	struct str path = str_fmt(&arena, "%s/given", folder);
	struct error err = { 0 };
	struct seal *s;

	(void)state;
	setenv("DMSL_STATE_KEY", "c2hvcnQ=", 1);
	assert_int_equal(seal_open(folder, true, &s, &err), -1);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_null(strstr(err.message, "c2hvcnQ"));
	unsetenv("DMSL_STATE_KEY");

	setenv("DMSL_STATE_KEY_FILE", path.s, 1);
	assert_int_equal(seal_open(folder, true, &s, &err), -1);
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_int_equal(file_replace(path.s, STR(KEY "\n"), 0644, &err), 0);
	assert_int_equal(seal_open(folder, true, &s, &err), -1);
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_int_equal(chmod(path.s, 0600), 0);
	assert_int_equal(seal_open(folder, true, &s, &err), 0);
	assert_non_null(s);
	seal_close(s);
	unsetenv("DMSL_STATE_KEY_FILE");
}

static void random_is_random(void **state)
{
	struct error err;
	char a[33], b[33];

	(void)state;
	assert_int_equal(random_hex(16, a, &err), 0);
	assert_int_equal(random_hex(16, b, &err), 0);
	assert_int_equal(strlen(a), 32);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_open_only_where_they_were_sealed),
		cmocka_unit_test(every_flipped_bit_is_found),
		cmocka_unit_test(output_is_the_same_for_ever),
		cmocka_unit_test(no_key_is_made_unasked),
		cmocka_unit_test(racing_processes_end_with_one_key),
		cmocka_unit_test(bad_keys_are_refused),
		cmocka_unit_test(random_is_random),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
