/* What everything stands on: arenas, strings, buffers, maps, files. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/map.h"
#include "lang/base/str.h"
#include "lang/base/vec.h"

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

static void arena_zeroes_and_aligns(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (size_t size = 1; size < 5000; size = size * 3 + 1) {
		char *p = arena_alloc(&a, 3, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < 3 * size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 3 * size);
	}
	assert_non_null(arena_alloc(&a, 1, 3 << 20));
	arena_release(&a);
	assert_int_equal(a.total, 0);
}

/* Texts stand close together, and what needs it is aligned all the same. */
static void arena_aligns_by_type(void **state)
{
	struct arena a = { 0 };
	char *before, *behind;

	(void)state;
	before = arena_new(&a, char, 5);
	behind = arena_new(&a, char, 1);
	assert_ptr_equal(before + 5, behind);
	for (size_t i = 0; i < 3000; i++) {
		uint32_t *small;
		double *large;

		*arena_new(&a, char, 1) = 'x';
		small = arena_new(&a, uint32_t, i % 3);
		assert_int_equal((uintptr_t)small % _Alignof(uint32_t), 0);
		large = arena_new(&a, double, 1);
		assert_int_equal((uintptr_t)large % _Alignof(double), 0);
		assert_true(*large == 0);
		*large = 1;
	}
	arena_release(&a);
}

/* Blocks of every size, those in huge pages among them, one behind the other.
 */
static void arena_grows_without_overlap(void **state)
{
	enum { BYTES = 40 << 20, STEP = 100000 };
	static unsigned char *all[BYTES / STEP];
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < BYTES / STEP; i++) {
		all[i] = arena_new(&a, unsigned char, STEP);
		for (size_t k = 0; k < STEP; k += 997)
			assert_int_equal(all[i][k], 0);
		memset(all[i], (int)(i % 255 + 1), STEP);
	}
	for (size_t i = 0; i < BYTES / STEP; i++)
		for (size_t k = 0; k < STEP; k += 997)
			assert_int_equal(all[i][k], i % 255 + 1);
	assert_true(a.total >= BYTES);
	arena_release(&a);
}

static void arena_is_empty_when_cleared(void **state)
{
	struct arena a = { 0 };
	size_t first;

	(void)state;
	arena_clear(&a);
	assert_int_equal(a.total, 0);
	for (size_t i = 0; i < 1000; i++)
		memset(arena_new(&a, char, 100), 0xff, 100);
	arena_clear(&a);
	first = a.total;
	for (size_t round = 0; round < 50; round++) {
		char *p = arena_new(&a, char, 1000);

		for (size_t i = 0; i < 1000; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 1000);
		arena_clear(&a);
		assert_int_equal(a.total, first);
	}
	arena_release(&a);
}

static void str_cuts_and_compares(void **state)
{
	struct str s = STR("a=b=c");
	struct str head = str_cut(&s, '=');
	uint64_t n;

	(void)state;
	assert_true(str_is(head, "a"));
	assert_true(str_is(s, "b=c"));
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("b"), STR("ab")) > 0);
	assert_true(str_is(str_trim(STR(" \tx y\n")), "x y"));
	assert_int_equal(str_find(STR("abca"), 'a'), 0);
	assert_int_equal(str_rfind(STR("abca"), 'a'), 3);
	assert_int_equal(str_find(STR("abc"), 'x'), -1);
	assert_true(str_to_u64(STR("18446744073709551615"), &n));
	assert_true(n == UINT64_MAX);
	assert_false(str_to_u64(STR("18446744073709551616"), &n));
	assert_false(str_to_u64(STR("1x"), &n));
	assert_false(str_to_u64(STR(""), &n));
}

static void str_unescapes(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_true(
	    str_is(str_unescape(STR("%7b%7D a%2Fb"), '%', &a), "{} a/b"));
	assert_true(str_is(str_unescape(STR("=3D=41"), '=', &a), "=A"));
	/* What is no escape, also at the end. */
	assert_true(str_is(str_unescape(STR("%4g%%41%"), '%', &a), "%4g%A%"));
	assert_true(str_is(str_unescape(STR("x%4"), '%', &a), "x%4"));
	assert_true(str_is(str_unescape(STR("=41"), '%', &a), "=41"));
	assert_int_equal(str_unescape(STR(""), '%', &a).n, 0);
	arena_release(&a);
}

static void str_joins(void **state)
{
	struct arena a = { 0 };
	struct str both = str_join(STR("data"), ".", STR("first"), &a);

	(void)state;
	assert_true(str_is(both, "data.first"));
	assert_int_equal(both.s[both.n], 0);
	assert_true(str_is(str_join(STR(""), "", STR(""), &a), ""));
	assert_true(
	    str_is(str_join((struct str){ 0 }, "/", STR("x"), &a), "/x"));
	arena_release(&a);
}

static void buf_stops_at_its_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (int i = 0; i < 10; i++)
		buf_fmt(&b, "%09d,", i);
	assert_int_equal(b.len, 100);
	assert_false(buf_is_full(&b));
	buf_add_char(&b, 'x');
	assert_true(buf_is_full(&b));
	assert_int_equal(strlen(b.data), 100);
	buf_release(&b);
}

/* Words and numbers, which are written here, and what libc writes. */
static void buf_writes_formats(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_fmt(&b, "%.*s=%s;%zu%u|%%", STR_ARG(STR("ab")), "", SIZE_MAX, 0u);
	buf_fmt(&b, "%.*s%.*s", 1, "xy", 5, "z\0y");
	assert_string_equal(b.data, "ab=;184467440737095516150|%xz");
	buf_clear(&b);
	buf_fmt(&b, "%.*s%s%u", STR_ARG(((struct str){ 0 })), "é", 4294967295u);
	buf_fmt(&b, "%s", "");
	buf_add_c(&b, "");
	assert_string_equal(b.data, "é4294967295");
	buf_clear(&b);
	buf_fmt(&b, "%95s", "");
	assert_int_equal(b.len, 95);
	/* All of it or nothing. */
	buf_fmt(&b, "%s%s", "1234", "56");
	assert_int_equal(b.len, 95);
	assert_int_equal(strlen(b.data), 95);
	assert_true(buf_is_full(&b));
	buf_fmt(&b, "%u%s", 12, "345");
	assert_string_equal(b.data + 95, "12345");
	assert_true(buf_is_full(&b));
	buf_release(&b);
}

/* Of every length around the ceiling, in pieces of every size. */
static void buf_takes_all_that_fits(void **state)
{
	const char *text = "0123456789abcdefghijklmnopqrstuvwxyz";

	(void)state;
	for (size_t max = 0; max < 140; max++) {
		for (size_t piece = 1; piece < 30; piece++) {
			struct buf b;
			size_t n = 0;

			buf_init(&b, max);
			for (; n + piece <= max; n += piece)
				buf_add(&b, text, piece);
			assert_int_equal(b.len, n);
			assert_false(buf_is_full(&b));
			buf_add(&b, text, piece);
			assert_int_equal(b.len, n);
			assert_int_equal(strlen(b.data), n);
			assert_true(buf_is_full(&b));
			while (n < max)
				buf_add_char(&b, 'x'), n++;
			assert_int_equal(b.len, max);
			buf_add_char(&b, 'x');
			assert_int_equal(strlen(b.data), max);
			buf_release(&b);
		}
	}
}

static void buf_takes_back(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_cut(&b, 0);
	assert_string_equal(b.data, "");
	buf_add_number(&b, 1204);
	buf_add_c(&b, " is too much");
	buf_cut(&b, 4);
	assert_string_equal(b.data, "1204");
	buf_cut(&b, 20);
	assert_int_equal(b.len, 4);
	buf_release(&b);
}

static void map_keeps_order(void **state)
{
	struct arena a = { 0 };
	struct map m = { 0 };
	int values[2] = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		map_put(&m, str_fmt(&a, "key%d", i), &values[0]);
	assert_int_equal(m.n, 1000);
	assert_ptr_equal(map_put(&m, STR("key7"), &values[1]), &values[0]);
	assert_int_equal(m.n, 1000);
	assert_ptr_equal(map_get(&m, STR("key7")), &values[1]);
	assert_null(map_get(&m, STR("key1000")));
	for (int i = 0; i < 1000; i++)
		assert_true(str_eq(m.entries[i].key, str_fmt(&a, "key%d", i)));
	map_release(&m);
	arena_release(&a);
}

/* With few entries and with many, and where the one becomes the other. */
static void map_adds_once(void **state)
{
	struct arena a = { 0 };
	struct map m = { 0 };
	int first, second;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct str key = str_fmt(&a, "key%d", i);

		assert_false(map_has(&m, key));
		assert_null(map_add(&m, key, &first));
		for (int k = 0; k <= i; k++)
			assert_ptr_equal(
			    map_add(&m, str_fmt(&a, "key%d", k), &second),
			    &first);
		assert_ptr_equal(map_get(&m, key), &first);
		assert_int_equal(m.n, i + 1);
	}
	map_release(&m);
	arena_release(&a);
}

/* As many as it was made ready for, fewer, and more. */
static void map_is_made_ready(void **state)
{
	static const size_t ready[] = { 0, 1, 8, 9, 24, 25, 1000 };
	struct arena a = { 0 };

	(void)state;
	for (size_t r = 0; r < sizeof(ready) / sizeof(*ready); r++) {
		struct map m = { 0 };

		map_reserve(&m, ready[r]);
		assert_false(map_has(&m, STR("key0")));
		for (int i = 0; i < 1200; i++) {
			struct str key = str_fmt(&a, "key%d", i);

			assert_null(map_add(&m, key, (void *)key.s));
			assert_ptr_equal(map_get(&m, key), key.s);
			assert_ptr_equal(map_get(&m, STR("key0")),
					 m.entries[0].value);
		}
		assert_int_equal(m.n, 1200);
		map_release(&m);
	}
	arena_release(&a);
}

/* In a small map, and in one with slots; some are not there. */
static void map_gets_many(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (int n = 1; n < 10000; n *= 3) {
		struct map m = { 0 };
		struct str keys[MAP_MANY];
		void *found[MAP_MANY];

		for (int i = 0; i < n; i++) {
			struct str key = str_fmt(&a, "key%d", i);

			map_put(&m, key, (void *)key.s);
		}
		for (int i = 0; i < MAP_MANY; i++)
			keys[i] = str_fmt(&a, "key%d", i * 61 % (2 * n));
		map_get_many(&m, keys, MAP_MANY, found);
		for (int i = 0; i < MAP_MANY; i++)
			assert_ptr_equal(found[i], map_get(&m, keys[i]));
		map_get_many(&m, keys, 0, found);
		map_release(&m);
	}
	arena_release(&a);
}

/* Keys of all lengths that differ in one byte, wherever it is. */
static void map_finds_what_is_alike(void **state)
{
	enum { LENGTHS = 40 };
	struct arena a = { 0 };
	struct map m = { 0 };
	size_t n = 0;

	(void)state;
	for (size_t length = 0; length < LENGTHS; length++)
		for (size_t at = 0; at <= length; at++) {
			char *key = arena_new(&a, char, length + 1);

			memset(key, 'a', length);
			if (at < length)
				key[at] = 'b';
			assert_null(
			    map_put(&m, (struct str){ key, length }, key));
			assert_int_equal(m.n, ++n);
		}
	for (size_t i = 0; i < m.n; i++)
		assert_ptr_equal(map_get(&m, m.entries[i].key),
				 m.entries[i].value);
	assert_false(map_has(&m, STR("ab-")));
	assert_null(map_get(&m, STR("c")));
	map_release(&m);
	arena_release(&a);
}

static void file_is_replaced_and_removed(void **state)
{
	char folder[SCRATCH_MAX];
	struct arena a = { 0 };
	struct error err = { 0 };
	struct stat info;
	struct str path;
	struct str text;

	(void)state;
	assert_non_null(scratch_folder(folder, "base"));
	path = str_fmt(&a, "%s/x/y", folder);
	assert_int_equal(file_make_folders(path.s, 0700, &err), 0);
	path = str_fmt(&a, "%s/x/y/z", folder);
	assert_int_equal(file_replace(path.s, STR("one"), 0600, &err), 0);
	assert_int_equal(file_replace(path.s, STR("two"), 0600, &err), 0);
	assert_int_equal(stat(path.s, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(file_read(path.s, 3, &a, &text, &err), 0);
	assert_true(str_is(text, "two"));
	assert_int_equal(file_read(path.s, 2, &a, &text, &err), -1);
	assert_int_equal(err.kind, ERROR_QUOTA);
	assert_int_equal(file_remove_tree(folder, &err), 0);
	assert_int_equal(stat(folder, &info), -1);
	assert_int_equal(file_remove_tree(folder, &err), 0);
	arena_release(&a);
}

static void files_are_replaced_in_pieces(void **state)
{
	char folder[] = "/tmp/dmsl-base-XXXXXX";
	struct arena a = { 0 };
	struct error err = { 0 };
	struct file_new f;
	struct stat info;
	struct str path, text;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = str_fmt(&a, "%s/x", folder);
	assert_int_equal(file_new_open(&f, path.s, 0640, &err), 0);
	assert_int_equal(file_new_write(&f, STR("0000 one"), &err), 0);
	assert_int_equal(file_new_patch(&f, 2, STR("12"), &err), 0);
	assert_int_equal(file_new_write(&f, STR(" two"), &err), 0);
	assert_int_equal(stat(path.s, &info), -1);
	assert_int_equal(file_new_close(&f, 0, &err), 0);
	assert_int_equal(stat(path.s, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
	/* What did not go well leaves nothing. */
	assert_int_equal(file_new_open(&f, path.s, 0640, &err), 0);
	assert_int_equal(file_new_write(&f, STR("three"), &err), 0);
	assert_int_equal(file_new_close(&f, -1, &err), -1);
	assert_int_equal(file_read(path.s, 100, &a, &text, &err), 0);
	assert_true(str_is(text, "0012 one two"));
	assert_int_equal(file_names(folder, "", &a, &(struct str *){ NULL }),
			 3);
	path = str_fmt(&a, "%s/missing/x", folder);
	assert_int_equal(file_new_open(&f, path.s, 0640, &err), -1);
	assert_int_equal(file_new_close(&f, -1, &err), -1);
	assert_int_equal(file_remove_tree(folder, &err), 0);
	arena_release(&a);
}

static void digests_come_in_pieces(void **state)
{
	unsigned char whole[DIGEST_SIZE], pieces[DIGEST_SIZE];
	struct str text = STR("all that there is, one after the other");

	(void)state;
	digest_sha256(text, whole);
	for (size_t i = 0; i <= text.n; i++) {
		struct digest *d = digest_begin();

		digest_add(d, str_sub(text, 0, i));
		digest_add(d, (struct str){ 0 });
		digest_add(d, str_skip(text, i));
		digest_end(d, pieces);
		assert_memory_equal(whole, pieces, DIGEST_SIZE);
	}
}

static void errors_gather_context(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, ERROR_DENIED, "no %s", "entry"), -1);
	error_add(&err, "creating table \"%s\"", "orders");
	assert_string_equal(err.message, "creating table \"orders\": no entry");
	assert_int_equal(err.kind, ERROR_DENIED);
}

static void vec_grows(void **state)
{
	VEC(int) v = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		*vec_push(&v) = i;
	assert_int_equal(v.n, 100);
	assert_int_equal(v.items[99], 99);
	vec_release(&v);
	assert_int_equal(v.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_zeroes_and_aligns),
		cmocka_unit_test(arena_aligns_by_type),
		cmocka_unit_test(arena_grows_without_overlap),
		cmocka_unit_test(arena_is_empty_when_cleared),
		cmocka_unit_test(str_cuts_and_compares),
		cmocka_unit_test(str_unescapes),
		cmocka_unit_test(str_joins),
		cmocka_unit_test(buf_stops_at_its_ceiling),
		cmocka_unit_test(buf_writes_formats),
		cmocka_unit_test(buf_takes_all_that_fits),
		cmocka_unit_test(buf_takes_back),
		cmocka_unit_test(map_keeps_order),
		cmocka_unit_test(map_adds_once),
		cmocka_unit_test(map_is_made_ready),
		cmocka_unit_test(map_gets_many),
		cmocka_unit_test(map_finds_what_is_alike),
		cmocka_unit_test(file_is_replaced_and_removed),
		cmocka_unit_test(files_are_replaced_in_pieces),
		cmocka_unit_test(digests_come_in_pieces),
		cmocka_unit_test(errors_gather_context),
		cmocka_unit_test(vec_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
