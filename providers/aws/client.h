#ifndef DMSL_PROVIDERS_AWS_CLIENT_H
#define DMSL_PROVIDERS_AWS_CLIENT_H

/*
 * Calls of AWS operations: encoded in the service's protocol, signed, sent,
 * repeated where that helps, the answer decoded, a fault turned into an error
 * kind. A client belongs to one account and region; its state (retry quota,
 * the difference of the clocks) is shared by all threads that use it.
 *
 * Input and output are values in the service's own names: a map whose lists are
 * lists. Booleans, numbers, texts; null members are left out. Secrets in the
 * input are sent in clear and written nowhere else. XML answers become maps of
 * texts: an element that occurs once is its value, one that occurs several
 * times a list. Use aws_get() and aws_items(), which read both forms alike.
 *
 * The message of a failure is "OPERATION: CODE: words of the service"; where
 * the service repeats a secret of the request, its words are left out.
 */

#include "lang/base/error.h"
#include "lang/base/str.h"
#include "lang/value.h"

#include "providers/aws/service.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct aws_client;

/* Where a service is and how requests to it are signed. */
struct aws_endpoint {
	struct str url; /* http://127.17.255.253:8123 */
	struct str region;
	struct str access_key, secret_key, session_token;
	struct str account;
};

/* Where requests go and how they are signed, asked anew for each attempt. */
struct aws_source {
	/*
	 * is_expired: the last attempt said that the credentials have expired;
	 * others are needed. out is filled in `a`. A failure is not repeated.
	 */
	int (*endpoint)(void *ctx, const struct aws_service *s, bool is_expired,
			struct arena *a, struct aws_endpoint *out,
			struct error *err);
	void *ctx;
	int attempts; /* 0: the standard 3 */
	int base_ms;  /* before the first repetition; 0: 1,000 */
	/* Added to the User-Agent: "dmsl/0.1 run/RUN-ID"; or empty. */
	struct str agent;
	struct str ca_file; /* instead of the system's; may be empty */
};

/* The source's texts must outlive the client. */
struct aws_client *aws_client_new(const struct aws_source *source);
void aws_client_free(struct aws_client *k);

/* What a service said when it refused a call. */
struct aws_refusal {
	char code[100]; /* "InvalidGroup.Duplicate" */
	char words[900];
};

/* How a call differs from others of its service. */
struct aws_how {
	/*
	 * An attempt without answer may be repeated: the call reads, or a token
	 * or a name protects it. Without it, a lost answer (status 500, 502 and
	 * 504 too) ends in ERROR_TIMEOUT and the caller finds out what
	 * happened. With it, ERROR_TIMEOUT says that every attempt failed and
	 * one of them may have been carried out.
	 */
	bool is_safe;
	bool is_unsigned; /* the service asks for no signature */
	/* MAY. What the service said when it refused; empty: it did not. */
	struct aws_refusal *refusal;
};

/*
 * One operation; input may be null. A call with DryRun that would have been
 * carried out is a success with an empty answer.
 */
int aws_do(struct aws_client *k, const struct aws_service *s,
	   const char *operation, struct value input, struct aws_how how,
	   struct arena *a, struct value *out, struct error *err);
/* A call that only reads. */
int aws_ask(struct aws_client *k, const struct aws_service *s,
	    const char *operation, struct value input, struct arena *a,
	    struct value *out, struct error *err);
/*
 * All pages of a Describe or List operation: the items under `path` of all
 * answers as one list. At most 10,000 pages and 1,000,000 items (ERROR_QUOTA).
 * The names of the paging members are known by service and operation.
 */
int aws_ask_all(struct aws_client *k, const struct aws_service *s,
		const char *operation, struct value input, const char *path,
		struct arena *a, struct value *out, struct error *err);

/*
 * "vpc/state": the value there; NULL when absent or null. Where a list stands
 * on the way, its first member is meant.
 */
const struct value *aws_get(struct value v, const char *path);
/* A scalar as text; empty when it is none. */
struct str aws_text_of(struct value v);
/* Its text; empty when absent. XML has texts only: "true", "5432". */
struct str aws_text(struct value v, const char *path);
/*
 * "vpcSet/item": the members there, though it may be one or none; of all
 * members where lists stand on the way:
 * "reservationSet/item/instancesSet/item".
 */
struct value aws_items(struct value v, const char *path, struct arena *a);

#endif
