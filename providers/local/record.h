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
 *	  "token": "3f…",       of the create that made it
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
	struct str type, id, address, token;
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

/* The id that follows from a text, or from the configuration alone. */
typedef struct str record_id(const struct call *c, struct str text);
/* Whether of a record's object there is nothing left but the record. */
typedef bool record_is_lost(struct call *c, const struct record *r);

/*
 * For create: the record that an earlier attempt of it wrote, else a new one
 * (not written); sets c->id. An object is its create's, known by the token, and
 * not its address': that may have been another object's before, which was moved
 * away or is to be replaced. The id follows from the address where that is
 * free, so that it is the same in every run; else from the address and the
 * token.
 *
 * What is left of an object of this address that was lost is taken over;
 * is_lost MAY be NULL. ERROR_EXISTS: another create's object has the id, and
 * c->id is as it was. Failures are in c->err.
 */
int record_begin(struct call *c, record_id *make, record_is_lost *is_lost,
		 struct record *out);
/* For update: the record of c->id, with the address that it has by now. */
int record_renew(struct call *c, struct record *out);

#endif
