#ifndef DMSL_PROVIDERS_SQL_REMOTE_H
#define DMSL_PROVIDERS_SQL_REMOTE_H

/*
 * The types of this folder where no connection leads to the database from this
 * machine (struct sql_host, run): the same marks and rows as over a connection,
 * but each conversation is one statement that decides by itself. Private to
 * this folder.
 *
 * The memo of a pending step is "STAGE REST", the rest being the host's.
 */

#include "engine/provider.h"
#include "providers/sql/split.h"
#include "providers/sql/sql.h"

bool sql_is_remote(const struct call *c, struct str cluster);
/*
 * One statement of a stage: STEP_PENDING is handed on with the stage in the
 * memo; when it is done, the memo holds the stage alone.
 */
enum step sql_remote_run(struct call *c, const char *stage,
			 const struct sql_job *job, struct sql_answer *out);
/* The stage that the memo names; `first` when it names none. */
struct str sql_remote_stage(const struct call *c, const char *first);
/* A question, read-only, and its answer: c->err says why there is none. */
struct question {
	struct call *c;
	const struct sql_host *host;
	struct sql_place at;
	struct str sql;
	enum step result;
	struct sql_answer answer;
};

/* Asks them all at once and waits here, at most two minutes. */
void sql_remote_ask_all(struct question *all, size_t n);
/*
 * A question, read-only; waits here for its answer, at most two minutes. 0, or
 * -1 with c->err (out->state tells what the server said).
 */
int sql_remote_ask(struct call *c, struct sql_place at, struct str sql,
		   struct sql_answer *out);

enum step remote_database_create(struct call *c, struct str cluster,
				 struct str name);
enum step remote_database_destroy(struct call *c);

/* is_secret: the server's words may quote a secret, and are left out. */
enum step remote_fixture_create(struct call *c, struct sql_place at,
				const struct statements *all, struct str hash,
				bool is_secret);
enum step remote_fixture_undo(struct call *c, struct sql_place at,
			      struct str hash, const struct statements *all,
			      bool is_secret);

#endif
