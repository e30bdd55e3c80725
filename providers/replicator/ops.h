#ifndef DMSL_PROVIDERS_REPLICATOR_OPS_H
#define DMSL_PROVIDERS_REPLICATOR_OPS_H

/*
 * The calls of the protocol. Each takes the object that came and fills the
 * object of the answer, or a fault. It is called with the book locked; what it
 * changed is saved by ops_call() before the answer goes out.
 */

#include "lang/value.h"

#include <stddef.h>

struct arena;
struct fault;
struct item;
struct server;

typedef int op_run(struct server *s, struct value in, struct arena *a,
		   struct value *out, struct fault *f);

/* Runs the operation of that name ("DescribeEndpoints"). */
int ops_call(struct server *s, struct str name, struct value in,
	     struct arena *a, struct value *out, struct fault *f);

op_run op_create_subnet_group, op_modify_subnet_group, op_delete_subnet_group,
    op_describe_subnet_groups;
op_run op_create_instance, op_modify_instance, op_delete_instance,
    op_describe_instances;
op_run op_create_endpoint, op_modify_endpoint, op_delete_endpoint,
    op_describe_endpoints;
op_run op_test_connection, op_describe_connections, op_delete_connection;
op_run op_create_task, op_modify_task, op_delete_task, op_describe_tasks,
    op_reload_tables, op_start_task, op_stop_task, op_describe_table_statistics;
op_run op_add_tags, op_remove_tags, op_list_tags;

/* --- helpers of the operations (ops.c) --- */

/* A text member that must be there and not be empty. */
int op_need(struct value in, const char *key, struct str *out, struct fault *f);
/* Letters, digits, hyphens; a letter first; no hyphen last or twice. */
int op_check_id(const char *key, struct str id, size_t max, struct fault *f);
struct str op_lower(struct str text, struct arena *a);
/* The id of a new resource: ResourceIdentifier, or a new one. */
int op_resource_id(struct value in, struct arena *a, struct str *out,
		   struct fault *f);
/* The map of a list of {Key, Value}; existing tags first, may be null. */
int op_read_tags(struct value old, const struct value *list, struct arena *a,
		 struct value *out, struct fault *f);
/* An answer of one member. */
struct value op_answer(const char *key, struct value v, struct arena *a);
/* Without nulls and the members that begin with "_". */
struct value op_public(struct value v, struct arena *a);

/* A filter of a Describe call, and the member that it compares. */
struct op_filter {
	const char *name;
	const char *member;
	bool ignores_case;
};

struct op_list {
	int kind;	    /* enum book_kind */
	const char *member; /* of the answer: "Endpoints" */
	const struct op_filter *filters;
	size_t n_filters;
	const char *what; /* "Endpoints", for the fault when none matches */
	/* What a client sees of an item; NULL: op_public(). */
	struct value (*show)(struct server *s, const struct item *item,
			     struct value in, struct arena *a);
};

/* Filters, MaxRecords and Marker. */
int op_list(struct server *s, const struct op_list *l, struct value in,
	    struct arena *a, struct value *out, struct fault *f);
/* Checks Filters against names; then whether an object passes them. */
int op_check_filters(struct value in, const struct op_filter *filters, size_t n,
		     struct fault *f);
bool op_passes(struct value in, const struct op_filter *filters, size_t n,
	       struct value v);
/* MaxRecords (20-500, 100 when not given) and Marker, the first to show. */
int op_page(struct value in, size_t *first, size_t *max, struct fault *f);

#endif
