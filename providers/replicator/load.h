#ifndef DMSL_PROVIDERS_REPLICATOR_LOAD_H
#define DMSL_PROVIDERS_REPLICATOR_LOAD_H

/*
 * The full load of one run: reads both catalogs, makes a unit of each selected
 * table, and moves the units by workers, all of which read the source as of one
 * instant. Each table's rows are committed at once: after a kill a table has
 * its old rows or its new ones.
 */

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/dms/mapping.h"
#include "lang/dms/settings.h"
#include "lang/value.h"

#include <stdatomic.h>
#include <stdbool.h>

struct load_state;
struct progress;
struct server;

struct load {
	struct server *server;
	struct value source, target; /* endpoints */
	struct mapping mapping;
	struct settings settings;
	bool stops_on_error; /* TableErrorPolicy is STOP_TASK */
	bool is_resume;	     /* completed tables are left alone */
	struct progress *progress;
	const char *progress_path;
	const char *ledger_path;
	atomic_bool *is_stopping;
	struct arena mem;
	struct load_state *state; /* ours */
	/* Out: the first table's error, for people; empty: none. */
	char table_error[600];
};

enum load_end {
	LOAD_DONE,    /* all tables are loaded, or in error by policy */
	LOAD_STOPPED, /* by is_stopping */
	LOAD_FATAL,   /* err says why */
	LOAD_LOST,    /* a connection was lost for good; can be resumed */
};

/* Connects, reads the catalogs, fills the progress. -1: err. */
int load_open(struct load *l, struct error *err);
size_t load_n_tables(const struct load *l);
enum load_end load_run(struct load *l, struct error *err);
void load_close(struct load *l);

#endif
