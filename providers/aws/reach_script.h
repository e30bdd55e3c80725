#ifndef DMSL_PROVIDERS_AWS_REACH_SCRIPT_H
#define DMSL_PROVIDERS_AWS_REACH_SCRIPT_H

/* Parts of the shell scripts that run psql on a workstation. */

#include "lang/base/str.h"

struct arena;
struct aws_site;
struct buf;
struct reach_cluster;
struct reach_way;

/* The variables that script_read_secret reads. */
void script_secret(struct buf *b, const struct aws_site *w,
		   const struct reach_cluster *k);
/*
 * PGUSER and PGPASSWORD from the secret, for what follows; what went wrong
 * stands in $work/err.
 */
extern const char script_read_secret[];
/* A connection string without user and password. */
struct str script_connection(const struct reach_cluster *k,
			     const struct reach_way *way, struct str database,
			     struct arena *a);

#endif
