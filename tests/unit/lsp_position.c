/* Lines and columns as editors count them. */
#include <config.h>

#include "engine/lsp/position.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char letters[] = "a\r\n";

enum { TEXT_MOST = 5, NEW_MOST = 2 };

/* The nth text of that many letters. */
static struct str nth_text(unsigned n, size_t length, char *out)
{
	for (size_t i = 0; i < length; i++, n /= 3)
		out[i] = letters[n % 3];
	return (struct str){ out, length };
}

static unsigned texts_of(size_t length)
{
	unsigned n = 1;

	while (length--)
		n *= 3;
	return n;
}

static void compare(struct str old, struct str with, uint32_t start,
		    uint32_t end)
{
	char room[TEXT_MOST + NEW_MOST];
	struct str text = { room, old.n - (end - start) + with.n };
	struct lines spliced = { 0 }, whole = { 0 };

	memcpy(room, old.s, start);
	memcpy(room + start, with.s, with.n);
	memcpy(room + start + with.n, old.s + end, old.n - end);
	lines_index(&spliced, old);
	lines_splice(&spliced, text, start, end, (uint32_t)with.n);
	lines_index(&whole, text);
	assert_int_equal(spliced.n, whole.n);
	assert_memory_equal(spliced.starts, whole.starts,
			    whole.n * sizeof(*whole.starts));
	lines_release(&spliced);
	lines_release(&whole);
}

/* Every replacement of every part of every text. */
static void splice_every_part(struct str old)
{
	char room[NEW_MOST + 1];

	for (size_t n = 0; n <= NEW_MOST; n++)
		for (unsigned k = 0; k < texts_of(n); k++)
			for (uint32_t end = 0; end <= old.n; end++)
				for (uint32_t start = 0; start <= end; start++)
					compare(old, nth_text(k, n, room),
						start, end);
}

static void splicing_is_indexing(void **state)
{
	char room[TEXT_MOST + 1];

	(void)state;
	for (size_t n = 0; n <= TEXT_MOST; n++)
		for (unsigned k = 0; k < texts_of(n); k++)
			splice_every_part(nth_text(k, n, room));
}

static void places_go_both_ways(void **state)
{
	struct str text = STR("a\t\303\251\r\n\360\237\230\200b\rc\n\n");
	static const struct {
		uint32_t offset;
		struct position utf16, utf8;
	} places[] = {
		{ 0, { 0, 0 }, { 0, 0 } },  { 1, { 0, 1 }, { 0, 1 } },
		{ 2, { 0, 2 }, { 0, 2 } },  { 4, { 0, 3 }, { 0, 4 } },
		{ 6, { 1, 0 }, { 1, 0 } },  { 10, { 1, 2 }, { 1, 4 } },
		{ 11, { 1, 3 }, { 1, 5 } }, { 12, { 2, 0 }, { 2, 0 } },
		{ 13, { 2, 1 }, { 2, 1 } }, { 14, { 3, 0 }, { 3, 0 } },
		{ 15, { 4, 0 }, { 4, 0 } },
	};
	struct lines l = { 0 };

	(void)state;
	lines_index(&l, text);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct position p =
		    position_at(&l, text, ENCODING_UTF16, places[i].offset);

		assert_int_equal(p.line, places[i].utf16.line);
		assert_int_equal(p.character, places[i].utf16.character);
		assert_int_equal(position_offset(&l, text, ENCODING_UTF16, p),
				 places[i].offset);
		p = position_at(&l, text, ENCODING_UTF8, places[i].offset);
		assert_int_equal(p.character, places[i].utf8.character);
		assert_int_equal(position_offset(&l, text, ENCODING_UTF8, p),
				 places[i].offset);
	}
	lines_release(&l);
}

static void places_outside_are_moved_in(void **state)
{
	struct str text = STR("ab\r\n\360\237\230\200\n");
	struct lines l = { 0 };

	(void)state;
	lines_index(&l, text);
	/* Behind a line; within a character; behind the text. */
	assert_int_equal(position_offset(&l, text, ENCODING_UTF16,
					 (struct position){ 0, 9 }),
			 2);
	assert_int_equal(position_offset(&l, text, ENCODING_UTF16,
					 (struct position){ 1, 1 }),
			 4);
	assert_int_equal(
	    position_offset(&l, text, ENCODING_UTF8, (struct position){ 1, 3 }),
	    4);
	assert_int_equal(
	    position_offset(&l, text, ENCODING_UTF8, (struct position){ 9, 0 }),
	    9);
	assert_int_equal(position_at(&l, text, ENCODING_UTF8, UINT32_MAX).line,
			 2);
	lines_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splicing_is_indexing),
		cmocka_unit_test(places_go_both_ways),
		cmocka_unit_test(places_outside_are_moved_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
