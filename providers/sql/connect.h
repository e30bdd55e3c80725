#ifndef DMSL_PROVIDERS_SQL_CONNECT_H
#define DMSL_PROVIDERS_SQL_CONNECT_H

/* How the types of this folder reach a database. Private to this folder. */

#include "engine/provider.h"
#include "providers/sql/sql.h"

struct pg;

struct sql_place sql_place_of(struct str database_id);
/* Where it is, as the host knows. */
int sql_target(struct call *c, struct sql_place at, struct pg_target *out,
	       struct error *err);
/*
 * A connection with bounded waits; the server gives up a statement whose
 * client died. The caller closes it.
 */
int sql_connect(struct call *c, struct sql_place at, struct pg **out,
		struct error *err);
/* The same for taking back: starts a server that is down, if the host can. */
int sql_connect_to_undo(struct call *c, struct sql_place at, struct pg **out,
			struct error *err);
/* For plan: the effect of a start that sql_connect_to_undo() would need. */
void sql_tell_start(struct call *c, struct sql_place at);
int sql_connect_to(const struct pg_target *t, struct pg **out,
		   struct error *err);
/* "name/uid" of the stack; empty when the host does not tell. */
struct str sql_stack(const struct call *c);
/* What the marks of the stack begin with, and the mark of this step. */
struct str sql_mark_of_stack(const struct call *c);
struct str sql_mark(const struct call *c);
/*
 * How a read ends that failed with c->err: what cannot be reached is broken,
 * what is not there is gone.
 */
enum step sql_read_failed(struct call *c);

#endif
