#include <config.h>

#include "providers/replicator/book.h"

#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 256 << 20 };

static const char *const names[BOOK_N_KINDS] = {
	[BOOK_SUBNET_GROUP] = "subnet_groups",
	[BOOK_INSTANCE] = "instances",
	[BOOK_ENDPOINT] = "endpoints",
	[BOOK_CONNECTION] = "connections",
	[BOOK_TASK] = "tasks",
};

void book_lock(struct book *b)
{
	pthread_mutex_lock(&b->lock);
}

void book_unlock(struct book *b)
{
	pthread_mutex_unlock(&b->lock);
}

void item_replace(struct item *item, struct value v)
{
	struct arena fresh = { 0 };

	/* v may point into the old memory: copy first. */
	item->v = value_copy(v, &fresh);
	arena_release(&item->mem);
	item->mem = fresh;
}

void item_set(struct item *item, const char *key, struct value v)
{
	struct arena scratch = { 0 };

	item_replace(item, value_with(item->v, str_from(key), v, &scratch));
	arena_release(&scratch);
}

struct item *book_add(struct book *b, enum book_kind kind, struct value v)
{
	struct item *item = xmalloc(sizeof(*item));
	struct item **at = &b->first[kind];

	memset(item, 0, sizeof(*item));
	item_replace(item, v);
	while (*at)
		at = &(*at)->next;
	*at = item;
	b->n[kind]++;
	return item;
}

void book_remove(struct book *b, enum book_kind kind, struct item *item)
{
	struct item **at = &b->first[kind];

	while (*at && *at != item)
		at = &(*at)->next;
	if (!*at)
		BUG("the item is not in the book");
	*at = item->next;
	b->n[kind]--;
	arena_release(&item->mem);
	free(item);
}

struct item *book_find(struct book *b, enum book_kind kind, const char *key,
		       struct str text)
{
	struct item *item = b->first[kind];

	while (item && !str_eq(value_text(item->v, key), text))
		item = item->next;
	return item;
}

int book_save(struct book *b, struct error *err)
{
	struct arena a = { 0 };
	struct value_entry kinds[BOOK_N_KINDS + 1];
	struct buf text;
	int rc;

	for (size_t kind = 0; kind < BOOK_N_KINDS; kind++) {
		struct value *items = arena_new(&a, struct value, b->n[kind]);
		size_t n = 0;

		for (struct item *i = b->first[kind]; i; i = i->next)
			items[n++] = i->v;
		kinds[kind].key = str_from(names[kind]);
		kinds[kind].value = value_list(items, n);
	}
	kinds[BOOK_N_KINDS].key = STR("version");
	kinds[BOOK_N_KINDS].value = value_int(1);
	buf_init(&text, FILE_MAX);
	json_write(&text, value_map(kinds, BOOK_N_KINDS + 1, &a), JSON_INDENT);
	buf_add_char(&text, '\n');
	if (buf_is_full(&text))
		rc = error_set(err, ERROR_QUOTA,
			       "the server's state is larger than %d bytes",
			       FILE_MAX);
	else
		rc = file_replace(b->path, buf_str(&text), 0600, err);
	buf_release(&text);
	arena_release(&a);
	return rc;
}

static int read_items(struct book *b, struct value all, struct error *err)
{
	if (value_number(all, "version", 0) != 1)
		return error_set(
		    err, ERROR_CORRUPT,
		    "\"%s\" is of a version that this program does "
		    "not know",
		    b->path);
	for (size_t kind = 0; kind < BOOK_N_KINDS; kind++) {
		const struct value *list = value_get(all, names[kind]);

		if (!list || list->kind != VALUE_LIST)
			continue;
		/* book_add() walks to the end: from the last to the first. */
		for (size_t i = list->as.list.n; i > 0; i--) {
			struct item *item = xmalloc(sizeof(*item));

			memset(item, 0, sizeof(*item));
			item_replace(item, list->as.list.items[i - 1]);
			item->next = b->first[kind];
			b->first[kind] = item;
			b->n[kind]++;
		}
	}
	return 0;
}

int book_open(struct book *b, const char *path, struct error *err)
{
	struct arena a = { 0 };
	struct value all;
	struct str text;
	int rc = 0;

	memset(b, 0, sizeof(*b));
	pthread_mutex_init(&b->lock, NULL);
	b->path = xmalloc(strlen(path) + 1);
	strcpy(b->path, path);
	if (access(path, F_OK) < 0)
		return 0;
	if (file_read(path, FILE_MAX, &a, &text, err) < 0)
		rc = -1;
	else if (json_read(text, &a, &all, err) < 0)
		rc = error_add(err, "\"%s\"", path);
	else
		rc = read_items(b, all, err);
	arena_release(&a);
	return rc;
}

void book_close(struct book *b)
{
	for (int kind = 0; kind < BOOK_N_KINDS; kind++)
		while (b->first[kind])
			book_remove(b, (enum book_kind)kind, b->first[kind]);
	free(b->path);
	pthread_mutex_destroy(&b->lock);
}
