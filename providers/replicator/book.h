#ifndef DMSL_PROVIDERS_REPLICATOR_BOOK_H
#define DMSL_PROVIDERS_REPLICATOR_BOOK_H

/*
 * What the server knows: subnet groups, instances, endpoints, connections and
 * tasks, as JSON objects in the members that AWS uses. One file holds them all;
 * book_save() replaces it durably, and a call answers only after that.
 *
 * Members whose names begin with "_" are ours and are not shown to clients:
 *	_tags       map of tags
 *	_has_run    (tasks) was started once
 *	_password   (endpoints) the password lies in the vault under
 *_secret_name
 *
 * The file: {"version": 1, "<kind>": [ITEM, …], …}. It never holds a password.
 *
 * Whoever reads or changes an item holds book_lock(). A value taken from an
 * item is good until the item is set or the lock is given up: copy what must
 * live longer.
 */

#include "lang/base/arena.h"
#include "lang/value.h"

#include <pthread.h>

struct error;

enum book_kind {
	BOOK_SUBNET_GROUP,
	BOOK_INSTANCE,
	BOOK_ENDPOINT,
	BOOK_CONNECTION,
	BOOK_TASK,
	BOOK_N_KINDS,
};

struct item {
	struct arena mem; /* of v; replaced when the item is set */
	struct value v;
	struct item *next; /* in order of creation */
};

struct book {
	pthread_mutex_t lock;
	char *path;
	struct item *first[BOOK_N_KINDS];
	size_t n[BOOK_N_KINDS];
};

/* Reads the file, if there is one. */
int book_open(struct book *b, const char *path, struct error *err);
void book_close(struct book *b);
void book_lock(struct book *b);
void book_unlock(struct book *b);
int book_save(struct book *b, struct error *err);

/* The item whose member `key` has this text, or NULL. */
struct item *book_find(struct book *b, enum book_kind kind, const char *key,
		       struct str text);
struct item *book_add(struct book *b, enum book_kind kind, struct value v);
void book_remove(struct book *b, enum book_kind kind, struct item *item);
/* Replaces an item's object, or one member of it. */
void item_replace(struct item *item, struct value v);
void item_set(struct item *item, const char *key, struct value v);

#endif
