#ifndef DMSL_ENGINE_PLAN_H
#define DMSL_ENGINE_PLAN_H

/*
 * What would change: for each resource one action with its reasons. From
 * configuration, prior state and what was read the same plan comes out.
 * Building a plan writes nothing outside.
 */

#include "lang/base/arena.h"
#include "lang/base/map.h"
#include "lang/base/str.h"
#include "lang/base/vec.h"
#include "lang/source.h"
#include "lang/value.h"

#include "engine/provider.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ast_decl;
struct buf;
struct context;
struct error;
struct expansion;
struct resource;
struct selection;
struct setting;
struct state;
struct state_resource;

enum action {
	ACTION_NONE,
	ACTION_CREATE,
	ACTION_UPDATE,
	ACTION_REPLACE, /* delete, then create */
	ACTION_DELETE,
	ACTION_RUN, /* nothing changes but the task's load is run */
	ACTION_FORGET,
	ACTION_READ, /* an existing object, found when its id is known */
};

struct plan_change {
	struct str attr;
	struct value old, new; /* marks kept: unknown, secret */
	struct place place;    /* where the new value is written */
	bool forces_replace;
};

/* There are as many as resources: each byte of it is 100 KB of a large plan. */
struct plan_step {
	uint32_t index;	   /* dense id: position in plan->steps */
	uint32_t provider; /* index into the context's open providers */
	uint32_t n_changes, n_effects, n_needs;
	enum action action;
	bool runs;	    /* after create or update, or alone: ACTION_RUN */
	bool creates_first; /* a replacement: the old goes last */
	bool is_existing;   /* declared `existing`: never changed */
	bool is_left_out;   /* not selected: as it is in the state */
	bool has_drifted;   /* what was read differs from the state */
	/* What the state keeps of it besides attributes is not so any more. */
	bool updates_state;
	struct str moved_from; /* its address in the state until now */
	struct str import_id;  /* of the object that is taken over */
	/* Who counts steps looks no further than here. */
	struct str address;
	const struct resource *resource; /* NULL: only in state (delete) */
	const struct type_schema *schema;
	const struct resource_type *type;
	const struct state_resource *prior; /* after refresh; NULL: none */
	struct str reason;    /* "was deleted outside", "is stopped", … */
	struct value wanted;  /* map of attributes, unknowns inside */
	struct place *places; /* where each entry of wanted was written */
	/* All attributes as they will be; NULL or null: none. */
	const struct value *after;
	struct plan_change *changes;
	struct effect *effects;
	/*
	 * Steps that this one needs done first (by configuration), and from
	 * plan.n_steps on joins; none in a plan with nothing to do. What it
	 * uses by the state is in prior.
	 */
	uint32_t *needs;
};

/* Steps that others need as a whole: those inside of a component. */
struct plan_join {
	size_t *needs;
	size_t n_needs;
};

struct plan_output {
	struct str name;
	struct value old, new;
};

struct plan_check {
	struct str name;
	struct place place;
	const struct ast_decl *decl;
};

struct plan_options {
	bool is_destroy;
	bool no_refresh;
	bool is_refresh_only; /* take over what was read, change nothing */
	const struct selection *selection; /* NULL: everything */
	struct str *replace;		   /* addresses: --replace */
	size_t n_replace;
};

/* How much of a plan is shown to people. */
enum plan_detail {
	PLAN_NORMAL,
	PLAN_SUMMARY, /* effects, what is lost, counts */
	PLAN_FULL,    /* every attribute, every address, nothing cut */
};

struct plan {
	struct arena *arena;
	struct plan_options asked; /* texts live in the plan's arena */
	struct str stack;
	struct str base_commit;
	struct str config_hash;
	struct plan_step *steps; /* in an order that respects needs */
	size_t n_steps;
	struct plan_join *joins; /* number n_steps + i in needs */
	size_t n_joins;
	struct plan_output *outputs;
	size_t n_outputs;
	struct plan_check *checks;
	size_t n_checks;
	/*
	 * What was changed outside since the state was written: prior is what
	 * the state has, after what is (null: gone), changes the difference.
	 */
	struct plan_step *drift;
	size_t n_drift;
	bool is_destroy;
	bool is_partial; /* --only or --except was asked for */
	/*
	 * Nothing to do: no action, no run, no changed output, and nothing to
	 * take over where that was asked for.
	 */
	bool is_empty;
	/* An interrupted run was found: how many of its steps are open. */
	size_t n_recovery_pending;
	bool has_recovery;
	bool drift_only;    /* state differs from what is, nothing to do */
	int64_t elapsed_us; /* to build it, refresh included */
};

struct plan_counts {
	size_t create, update, replace, destroy, run, forget, none;
	size_t simulated; /* of those that change */
	size_t total;
};

struct plan_counts plan_count(const struct plan *p);
/* All attributes as a step leaves them; null: none. */
struct value plan_after(const struct plan_step *s);

/*
 * Builds the plan: refresh (reads on workers), evaluate in dependency order,
 * diff by schema, ask each type's plan() for effects. e may be NULL for a
 * destroy of what is only in state. -1 with findings in the context, or with
 * err. The plan lives in an arena of its own: plan_release().
 */
int plan_build(struct context *c, struct expansion *e,
	       const struct plan_options *o, struct plan **out,
	       struct error *err);
void plan_release(struct plan *p);
/*
 * For people: effects first, destroys and replacements, then the rest, as much
 * of it as context.detail says.
 */
void plan_print(const struct plan *p, const struct context *c, FILE *out);
/* "summary", "normal", "full"; NULL is normal. -1: another word. */
int plan_detail_from(const char *name, enum plan_detail *out,
		     struct error *err);
/* Terraform's plan representation. */
void plan_write_json(const struct plan *p, const struct context *c,
		     struct buf *out);

/*
 * A saved plan is the canonical, secret-free text of what was shown, with base
 * commit, configuration hash and the stack file's path; one a stack, in
 * <git common dir>/dmsl/<stack>/plan. It is carried out by planning again, for
 * the resources that it acts on or reads, and comparing each: what differs is
 * named, and nothing is done. What became of other resources does not matter.
 */
struct plan_file {
	struct str name, hash; /* a text of the configuration */
};

struct saved_plan {
	struct str path; /* of the stack file, absolute */
	struct str stack;
	struct str base_commit, config_hash, hash;
	struct str secrets; /* keyed digest of secret params; empty: none */
	struct plan_file *files;
	size_t n_files;
	struct setting *settings; /* params of that plan; never secret */
	size_t n_settings;
	bool is_destroy;
	struct plan_options asked; /* the selection: what it is about */
	struct map addresses;	   /* of that */
	struct str text;
};
int plan_save(const struct plan *p, const struct context *c, const char *file,
	      struct error *err);
int plan_load(const char *file, struct arena *a, struct saved_plan *out,
	      struct error *err);
/* The saved plan must not move while its selection is in use. */
void saved_plan_release(struct saved_plan *s);
/*
 * 0 when p, built with what the saved one was asked for, is what was saved;
 * else -1 with err, and with what moved as findings in the context.
 */
int plan_matches(const struct plan *p, struct context *c,
		 const struct saved_plan *saved, struct error *err);
/* SHA-256 of the canonical text, 64 hex digits. */
struct str plan_hash(const struct plan *p, const struct context *c,
		     struct arena *a);
/* "create", "update", … and back from a journal. */
const char *action_name(enum action a);

#endif
