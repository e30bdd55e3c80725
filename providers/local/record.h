#ifndef DMSL_PROVIDERS_LOCAL_RECORD_H
#define DMSL_PROVIDERS_LOCAL_RECORD_H

/*
 * What exists on this machine: a file a object, objects/TYPE/ID.json, replaced
 * as a whole. The id is escaped as in URLs to be a file name; one that would be
 * too long is its SHA-256. No secret is ever in a record: attributes that the
 * schema calls secret are left out, and what is marked so is masked.
 *
 *	{
 *	  "address": "network.source/vpc.main",
 *	  "config": { … },      as it was wanted, references as ids
 *	  "id": "vpc-0f…",
 *	  "own": { … },         what the provider adds: computed attributes
 *	  "type": "vpc"
 *	}
 */

#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct call;
struct error;
struct local;

struct record {
	struct str type, id, address;
	struct value config; /* map */
	struct value own;    /* map */
};

/* ERROR_NOT_FOUND when there is none; hint: other errors are real. */
int record_read(const struct local *l, const char *type, struct str id,
		struct arena *a, struct record *out, struct error *err);
int record_write(struct local *l, const struct record *r, struct error *err);
/* Nothing there is success. */
int record_remove(const struct local *l, const char *type, struct str id,
		  struct error *err);
/* All of a type, sorted by id. */
int record_list(const struct local *l, const char *type, struct arena *a,
		struct record **out, size_t *n, struct error *err);
/* The own value of a key, empty when absent. */
struct str record_own(const struct record *r, const char *key);
void record_set(struct record *r, const char *key, struct value v,
		struct arena *a);

/*
 * For create: the record of this address when an earlier attempt wrote it, else
 * a new one (not written). ERROR_EXISTS: the id belongs to another address.
 */
int record_begin(struct call *c, struct str id, struct record *out,
		 struct error *err);

#endif
