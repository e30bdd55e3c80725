#ifndef DMSL_PROVIDERS_LOCAL_MODEL_H
#define DMSL_PROVIDERS_LOCAL_MODEL_H

/*
 * The paths of a stack as its records describe them: who listens where, and
 * where connections go from there. Pure but for reading records; everything
 * lives in one arena.
 */

#include "lang/base/str.h"

#include <stddef.h>

struct arena;
struct error;
struct local;

enum { MODEL_TARGETS_MAX = 100 };

/* A listening address and the addresses that its connections go to. */
struct route {
	struct str name; /* for HAProxy: unique, letters, digits, - and _ */
	struct str dns_name;
	struct str *from; /* loopback addresses */
	size_t n_from;
	int port;
	struct str *to;
	size_t n_to;
	int to_port;
};

/* A PostgreSQL server and the names that lead to it, its own ones first. */
struct reach {
	struct str cluster;
	struct str address;
	int port;
	struct str *names;
	size_t n_names;
};

struct name_route {
	struct str name, address;
};

struct model {
	int *numbers; /* of VPCs */
	size_t n_numbers;
	struct route *routes; /* of listeners, then of endpoints */
	size_t n_routes;
	struct reach *reaches;
	size_t n_reaches;
	struct name_route *names;
	size_t n_names;
};

int model_build(const struct local *l, struct arena *a, struct model *out,
		struct error *err);

#endif
