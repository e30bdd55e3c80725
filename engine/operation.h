#ifndef DMSL_ENGINE_OPERATION_H
#define DMSL_ENGINE_OPERATION_H

/*
 * One operation on one resource, as execute.c carries it out: what is asked
 * for, what its attempts told so far, and the rules that decide on it: when it
 * is tried again, and whether it is known what became of it.
 */

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resource;
struct resource_type;
struct state_resource;
struct type_schema;

/* A sentence for the end of the run. */
struct notice {
	struct str text;
	struct notice *next;
};

enum operation_kind {
	OPERATION_CHECK, /* ask the type's plan() again; changes nothing */
	OPERATION_READ,	 /* find an existing object; changes nothing */
	OPERATION_CREATE,
	OPERATION_UPDATE,
	OPERATION_DELETE,
	OPERATION_RUN,
	OPERATION_CONTROL, /* after a crash only: what people asked for */
};

/* Made by operation_new(); the arena holds what it points to. */
struct operation {
	struct arena arena;
	enum operation_kind kind;
	struct str address;
	const struct type_schema *schema;
	const struct resource_type *type;
	size_t provider;     /* index into the context's open providers */
	struct value config; /* map; null for a delete */
	const struct state_resource *prior; /* NULL: none */
	struct str *deps;		    /* addresses, sorted */
	size_t n_deps;
	bool prevent_destroy, keep_on_destroy;
	struct str replace_when; /* digest, for the state */
	/*
	 * A create beside the object that it replaces: its default name is
	 * another one, made from the token, so that a recovery makes the same.
	 */
	bool is_beside;
	struct str name;	  /* set then; empty: the default */
	const char *check_action; /* OPERATION_CHECK: for the type's plan() */
	int64_t timeout_ms;	  /* with all waits and attempts; 0: default */
	/* An interrupted one is repeated: with what its intent said. */
	bool is_recovery;
	struct str token, id, memo;
	struct str control;	/* OPERATION_CONTROL: the request */
	struct notice *notices; /* of all its calls, each once */
	struct str run_id;	/* that began it; empty: this one */
	bool is_outdated; /* config is the old intent's, not what is wanted */
	/* private */
	size_t node;
	int attempt;
	bool is_poll;
	bool has_begun;	 /* was handed to a worker */
	bool is_unknown; /* it failed, and nobody knows whether it is there */
	bool is_unsure;	 /* an attempt had no answer: it may have had effect */
	int64_t begun_ms;
	struct operation *next_unsent;
	struct operation *next_polled; /* in one call with this one */
	size_t n_polled;	       /* of the first: how many go with it */
};

struct operation *operation_new(enum operation_kind kind);
/* Only for one that was not handed over. */
void operation_free(struct operation *op);
const char *operation_name(enum operation_kind kind);
/* Whether it is one that may have an effect outside. */
bool operation_changes(const struct operation *op);
/* "create" and so on; false: no such operation. */
bool operation_from_name(struct str name, enum operation_kind *out);

/* What its block says it may take, in milliseconds; 0: nothing. */
int64_t operation_timeout(const struct resource *r, enum operation_kind kind);

/*
 * The token that an outside service knows the operation by: the same for every
 * repetition of one step of one run.
 */
struct str operation_token(const struct operation *op, struct str run_id,
			   struct arena *a);

/*
 * Milliseconds until the next attempt after `attempt` repetitions; -1: there is
 * none. A poll is repeated more often: what has begun goes on meanwhile, and
 * costs more to do again. salt spreads those that failed together.
 */
int64_t operation_retry_delay(enum error_kind kind, bool is_poll, int attempt,
			      uint64_t salt);

/* Nobody was reached who could say anything about the object. */
bool operation_had_no_answer(enum error_kind kind);

/*
 * Whether after this failure, the last of the operation, it may have had effect
 * all the same: see the head of execute.h.
 */
bool operation_is_unknown(const struct operation *op, enum error_kind kind);

/*
 * The attributes after it: what was wanted, and what the provider computed
 * (result); what it does not mention stays as it was.
 */
struct value operation_attributes(const struct operation *op,
				  struct value result, struct arena *a);

#endif
