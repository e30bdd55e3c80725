/*
 * The file <git common dir>/dmsl/<stack>/durations:
 *
 *	dmsl-durations 1
 *	MILLISECONDS TYPE ACTION
 *
 * one line for each type and action, sorted, such as "312000 db_cluster
 * create". The number is an average in which each run counts a quarter. The
 * file is replaced as a whole at the end of an apply. One that is not like this
 * is taken for empty, and is written anew.
 */
#include <config.h>

#include "engine/durations.h"

#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FILE_BYTES_MAX = 256 << 10,
	ENTRIES_MAX = 1000, /* more than there are types and actions */
	NAME_MAX_BYTES = 200,
};

static const char magic[] = "dmsl-durations 1\n";
static const int64_t most_ms = (int64_t)30 * 24 * 3600 * 1000;

struct duration {
	int64_t ms;
};

static struct duration *put(struct durations *d, struct str name, int64_t ms)
{
	struct duration *one = map_get(&d->by_name, name);

	if (!one) {
		if (d->by_name.n == ENTRIES_MAX)
			return NULL;
		one = arena_new(&d->arena, struct duration, 1);
		map_put(&d->by_name, str_dup(name, &d->arena), one);
	}
	one->ms = ms;
	return one;
}

static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.s[i] < 'a' || s.s[i] > 'z') && s.s[i] != '_' &&
		    (s.s[i] < '0' || s.s[i] > '9'))
			return false;
	return s.n > 0;
}

static bool read_line(struct durations *d, struct str line)
{
	struct str number = str_cut(&line, ' '), name = line;
	struct str type = str_cut(&line, ' ');
	uint64_t ms;

	if (!str_to_u64(number, &ms) || ms > (uint64_t)most_ms ||
	    !is_word(type) || !is_word(line) || name.n > NAME_MAX_BYTES)
		return false;
	return put(d, name, (int64_t)ms) != NULL;
}

static bool read_all(struct durations *d, struct str text)
{
	if (!str_eq(str_sub(text, 0, sizeof(magic) - 1), str_from(magic)) ||
	    text.s[text.n - 1] != '\n')
		return false;
	text = str_skip(text, sizeof(magic) - 1);
	while (text.n)
		if (!read_line(d, str_cut(&text, '\n')))
			return false;
	return true;
}

void durations_load(struct durations *d, const char *folder)
{
	struct arena scratch = { 0 };
	struct error ignored;
	struct str path = str_fmt(&scratch, "%s/durations", folder), text;

	*d = (struct durations){ 0 };
	if (file_read(path.s, FILE_BYTES_MAX, &scratch, &text, &ignored) == 0 &&
	    !read_all(d, text))
		durations_release(d);
	arena_release(&scratch);
}

void durations_release(struct durations *d)
{
	map_release(&d->by_name);
	arena_release(&d->arena);
	*d = (struct durations){ 0 };
}

int64_t durations_get(const struct durations *d, const char *type,
		      const char *action)
{
	char name[NAME_MAX_BYTES];
	int n = snprintf(name, sizeof(name), "%s %s", type, action);
	const struct duration *one;

	if (n < 0 || n >= (int)sizeof(name))
		return -1;
	one = map_get(&d->by_name, (struct str){ name, (size_t)n });
	return one ? one->ms : -1;
}

void durations_add(struct durations *d, const char *type, const char *action,
		   int64_t ms)
{
	char name[NAME_MAX_BYTES];
	int n = snprintf(name, sizeof(name), "%s %s", type, action);
	int64_t old = durations_get(d, type, action);

	if (n < 0 || n >= (int)sizeof(name) || ms < 0)
		return;
	if (ms > most_ms)
		ms = most_ms;
	put(d, (struct str){ name, (size_t)n },
	    old < 0 ? ms : old + (ms - old) / 4);
	d->has_changed = true;
}

static int compare_names(const void *a, const void *b)
{
	const struct map_entry *const *x = a, *const *y = b;

	return str_cmp((*x)->key, (*y)->key);
}

int durations_save(struct durations *d, const char *folder, struct error *err)
{
	struct arena scratch = { 0 };
	const struct map_entry **sorted =
	    arena_new(&scratch, const struct map_entry *, d->by_name.n + 1);
	struct str path = str_fmt(&scratch, "%s/durations", folder);
	struct buf text;
	int result = 0;

	buf_init(&text, FILE_BYTES_MAX);
	buf_add_c(&text, magic);
	for (size_t i = 0; i < d->by_name.n; i++)
		sorted[i] = &d->by_name.entries[i];
	qsort(sorted, d->by_name.n, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < d->by_name.n; i++) {
		const struct duration *one = sorted[i]->value;

		buf_fmt(&text, "%" PRId64 " %.*s\n", one->ms,
			STR_ARG(sorted[i]->key));
	}
	if (d->has_changed)
		result = file_replace(path.s, buf_str(&text), 0600, err);
	d->has_changed = false;
	buf_release(&text);
	arena_release(&scratch);
	return result;
}
