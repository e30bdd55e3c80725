#ifndef DMSL_TESTS_SUPPORT_CLOUD_SERVICE_H
#define DMSL_TESTS_SUPPORT_CLOUD_SERVICE_H

/*
 * A cloud service for tests: objects that live in files, with an API of its own
 * whose every request is one atomic step, whatever happens to the client. The
 * provider "cloud" (cloud.h) is its client; a test may be another one. Files
 * and faults are described at the top of cloud_service.c.
 *
 * Safe to be used by several threads and processes at once.
 */

#include "lang/base/error.h"
#include "lang/base/map.h"
#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

enum {
	CLOUD_LAG = 2,	 /* searches that do not see a new net */
	CLOUD_POLLS = 2, /* looks at something slow before it is ready */
};

enum cloud_request {
	CLOUD_CREATE,
	CLOUD_DESCRIBE, /* by ids; those that are not there are left out */
	CLOUD_SEARCH,	/* by intent tag; new objects show up late */
	CLOUD_FIND,	/* by name */
	CLOUD_UPDATE,
	CLOUD_DESTROY,
	CLOUD_RUN,
};

struct cloud_query {
	enum cloud_request request;
	struct str type;
	struct str address; /* tag; and what faults go by */
	const struct str *ids;
	size_t n_ids;
	struct str token;	  /* create, run: the same one is done once */
	struct str name;	  /* unique; empty: none */
	struct str stack, intent; /* tags */
	struct value attrs;	  /* create, update: what it shall be */
	bool is_hidden;		  /* create: searches find it late */
	bool is_slow;		  /* takes some looks until it is ready */
};

/* An object, or one that is gone: then value is null. */
struct cloud_object {
	struct str id;
	struct value value;
	size_t n_users; /* objects that have its id in `uses` */
	struct cloud_object *next_tagged; /* of the same intent tag */
};

struct cloud_service;

/* Touches nothing before the first request. */
struct cloud_service *cloud_service_open(const char *folder);
void cloud_service_close(struct cloud_service *s);
/*
 * One request. out: a list of objects, in the arena; it may be set though the
 * request failed (a fault of the kind "late").
 */
int cloud_ask(struct cloud_service *s, const struct cloud_query *q,
	      struct arena *a, struct value *out, struct error *err);
/* Reads what others did; then objects (by id, insertion order) are current. */
int cloud_refresh(struct cloud_service *s, struct error *err);
const struct map *cloud_objects(const struct cloud_service *s);
/*
 * All objects sorted by id, one a line, without what differs from run to run
 * (tokens, tags that hold them).
 */
int cloud_dump(struct cloud_service *s, struct buf *out, struct error *err);

#endif
