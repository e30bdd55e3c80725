#ifndef DMSL_ENGINE_CONTEXT_H
#define DMSL_ENGINE_CONTEXT_H

/*
 * What a command works with: built in cli.c, handed down, no global state. A
 * command gets as much of it as its `needs` ask for.
 */

#include "lang/base/arena.h"
#include "lang/base/str.h"
#include "lang/diag.h"
#include "lang/value.h"

#include "engine/plan.h"
#include "engine/provider.h"
#include "engine/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ahead;
struct config;
struct error;
struct expansion;
struct journal_replay;
struct seal;
struct source;
struct store;

/*
 * The value of a param: --set NAME=EXPRESSION, or one of a params file. The
 * last of a name counts; those of files stand before those of --set.
 */
struct setting {
	struct str name, text;
	struct str from; /* the params file; empty: --set */
	bool is_json;	 /* the text is JSON, not an expression */
};

/* An object to take over, as `import ADDRESS = "id"` in the text would. */
struct import {
	struct str address, id;
};

/* An opened provider; core types have one too. */
struct open_provider {
	const struct provider *provider;
	const char
	    *title; /* "aws"; of a block `provider aws prod`: "aws.prod" */
	struct str identity; /* by identity_check(); empty: it has none */
	void *self;
};

struct context {
	struct str run_id; /* 32 hex digits; empty outside apply */
	/* What main.c hands in. */
	const struct provider *const *providers;  /* end with NULL */
	const struct type_schema *const *schemas; /* end with NULL */
	bool (*is_type)(struct str name);	  /* of a row of schemas */
	/* Who reads the texts, where it is not from files: lang/config.h. */
	struct source *(*open_text)(void *texts, const char *path,
				    struct arena *a, struct error *err);
	void *texts;
	/* Options. */
	struct setting *settings;
	size_t n_settings;
	struct import *imports; /* besides those of the text */
	size_t n_imports;
	bool is_json, assume_yes, color;
	bool is_events; /* with is_json: one object a line */
	enum plan_detail detail;
	unsigned width;	     /* of the terminal; 0: not a terminal */
	int parallel;	     /* calls at once */
	const char *program; /* argv[0], for messages */
	/* What the command line's set-up made. */
	struct arena *arena; /* the configuration's */
	struct diags diags;
	size_t n_told;	  /* of diags, by setup_findings() */
	bool has_kept;	  /* objects stay that were forgotten: no sweep */
	const char *path; /* the stack file; NULL: none given */
	struct config *config;
	struct ahead *ahead; /* private to engine/load.c */
	struct store *store;
	struct seal *seal;
	struct state state; /* as committed; overlaid by an open journal */
	struct str base_commit;
	struct open_provider *open; /* by expand_providers() */
	size_t n_open;
	/* What an interrupted run left behind; NULL: nothing. */
	struct journal_replay *replay;
	bool has_lease;	  /* this process holds the stack's */
	bool has_stalled; /* reads still run: only the process can end them */
};

#endif
