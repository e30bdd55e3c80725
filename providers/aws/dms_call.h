#ifndef DMSL_PROVIDERS_AWS_DMS_CALL_H
#define DMSL_PROVIDERS_AWS_DMS_CALL_H

/*
 * What the dms types have in common: calls, members of requests, ownership
 * tags, waiting. Failures are put into c->err. Private to this folder.
 */

#include "lang/value.h"

#include "engine/provider.h"
#include "providers/aws/dms.h"
#include "providers/aws/fields.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One operation. may_start: a local service that is down is started; without
 * it that is ERROR_UNAVAILABLE. *out is a map.
 */
int dms_call(struct call *c, bool may_start, const char *operation,
	     struct value input, struct value *out);
/* All pages of an operation that reads: what stands under `member`. */
int dms_call_all(struct call *c, bool may_start, const char *operation,
		 struct value input, const char *member, struct value *out);
/* {"Filters":[{"Name":name,"Values":[value]}]} */
struct value dms_filter(const char *name, struct str value, struct arena *a);
/*
 * The one item that a Describe operation shows under `member`; null when there
 * is none. Where that would be taken for gone, a second look is taken.
 */
int dms_find(struct call *c, bool may_start, const char *operation,
	     struct value input, const char *member, struct value *out);
/* A read that failed: a local service that is down is broken, not gone. */
enum step dms_read_failed(struct call *c);

/* The identifier: the attribute `name`, else made of the address; as stored. */
struct str dms_identifier(struct call *c, size_t most);
/*
 * For results: `name` when it was not written. What was written stays as it
 * was, though the service stores it in lower case.
 */
void dms_name_field(struct call *c, struct fields *f, struct str name);
/* Adds what is not as last known, so that it shows as drift. */
void dms_drift(struct call *c, struct fields *f, const char *attr,
	       struct value actual);

/* Tags of the resource and the marks of ownership, for a create. */
struct value dms_tags(struct call *c);
/* A map of all tags of an ARN. */
int dms_read_tags(struct call *c, bool may_start, struct str arn,
		  struct value *out);
/* Tags that are ours to show: neither dmsl:* nor aws:*. */
struct value dms_user_tags(struct value all, struct arena *a);
/*
 * An object of the wanted name is there already: 0 when its marks say that an
 * earlier attempt of this step made it, else -1 with a message for people. The
 * address is no proof: it may have been another object's, that was moved.
 */
int dms_adopt(struct call *c, const char *what, struct str name,
	      struct str arn);
/* Makes the tags of an existing object what they should be. */
int dms_sync_tags(struct call *c, struct str arn);

/* STEP_PENDING at the host's pace. */
enum step dms_wait(struct call *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * True for `seconds` since it was first asked in this phase (kept in the memo);
 * then it is time to give up.
 */
bool dms_is_patient(struct call *c, const char *phase, int64_t seconds);
int dms_poll_ms(const struct call *c);
/*
 * Asks for the object `id`, a member `arn` of the request, to be deleted, and
 * waits for it to be gone; while it is in use, for `busy`.
 */
enum step dms_delete(struct call *c, const char *operation, const char *arn,
		     const char *gone, const char *busy);
/* How a type's objects are found by their names and tags. */
struct dms_found {
	const char *noun;      /* "endpoint" */
	const char *operation; /* "DescribeEndpoints" */
	const char *filter;    /* "endpoint-id" */
	const char *member;    /* "Endpoints" */
	const char *id;	       /* "EndpointArn" */
	/* The ARN of an id, where the id is none; -1 with c->err. */
	int (*arn)(struct call *c, struct str id, struct str *arn);
};

/* resource_ops.lookup: by id, name or tags, then `read`. */
enum step dms_lookup(struct call *c, const struct dms_found *how,
		     enum step (*read)(struct call *c));
/* "1,234,567" */
struct str dms_count(int64_t n, struct arena *a);

#endif
