#ifndef DMSL_ENGINE_PLAN_PRIVATE_H
#define DMSL_ENGINE_PLAN_PRIVATE_H

/*
 * How a plan is built. Only engine/plan*.c include this. Decisions are made on
 * the main thread, a step as soon as all that it needs is decided; what types
 * have to say of their steps is asked on workers.
 */

#include "lang/base/map.h"

#include "engine/calls.h"
#include "engine/check.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/plan.h"
#include "engine/refresh.h"
#include "engine/select.h"
#include "engine/state.h"

struct graph;

struct planner {
	struct context *c;
	struct expansion *e; /* NULL: a destroy of what is only in state */
	const struct plan_options *options;
	struct plan *p;
	struct arena *arena; /* the plan's */
	struct arena scratch;
	struct catalog types;
	struct error *err;
	bool has_failed;	       /* err is set */
	struct state_resource **state; /* by address */
	struct refreshed *now;
	/* What is declared with the same address, or NULL. */
	const struct resource **declared;
	size_t n_state;
	/* What is left out, and what a selection was widened by. */
	struct chosen chosen;
	struct map also;
	bool *is_read; /* by position in the state */
	unsigned rounds;
	struct map replace;    /* addresses: --replace */
	struct map moved_from; /* -> struct str: address in the state */
	struct map imported;   /* -> struct declared_import */
	/* By dense id of resources. */
	struct refreshed **prior; /* or NULL: it is not in the state */
	struct value *known;
	bool *is_known;
	size_t *step_of;
	/* By step. */
	bool *is_as_checked; /* what it was to be, as expand_checked() says */
	bool *is_quiet;	     /* what changes leaves the rest as it was */
	struct workers *workers;
	size_t in_flight;
};

/*
 * Steps are decided in their order, in which what they need stands before them
 * and what is near in memory stands together. Only when one must wait for an
 * answer of a type, those that need it are passed over, and queued when they
 * need not wait any more. Who needs whom is not looked for before: most types
 * are never asked. Joins are numbered as in the expansion, behind the steps,
 * and always queued.
 */
struct ready {
	const struct graph *users; /* NULL: none had to wait so far */
	size_t *blocked;	   /* how many it waits for */
	size_t n_steps;		   /* joins come behind them */
	size_t next;		   /* not looked at yet */
	size_t *queue;
	size_t head, tail;
};

/*
 * plan_needs.c: the next step to decide, or number of a join that is settled;
 * false where there is none before an answer comes.
 */
bool ready_take(struct ready *r, size_t *number);
/* It is settled. */
void ready_release(struct ready *r, size_t number);
/* The step that was taken last must wait for an answer. */
void ready_wait(struct planner *x, struct ready *r, size_t step);
/* Writes needs into steps and joins: all steps are there. */
void planner_fill_needs(struct planner *x);
/* plan_step.c: what to do with a resource of the configuration. */
void step_decide(struct planner *x, size_t step);
/* Takes what the type said (NULL: it says nothing), and settles the step. */
void step_settle(struct planner *x, size_t step, const struct engine_call *e);
/* Takes effects and decisions of the type into the step. */
void step_answer(struct planner *x, struct plan_step *s,
		 const struct engine_call *e);
/* The workers of the plan, opened when first needed; false: x->err. */
bool planner_workers(struct planner *x);
/* Asks the type; false: it has nothing to say. */
bool step_ask(struct planner *x, size_t step);
/* plan.c: the open provider of that name; -1: x->err. */
int planner_provider(struct planner *x, struct plan_step *s, struct str name);
/* plan_existing.c: objects that dmsl does not own. */
void existing_decide(struct planner *x, struct plan_step *s);
bool existing_ask(struct planner *x, struct plan_step *s);
/* e is NULL where it could not be looked for yet. */
void existing_settle(struct planner *x, struct plan_step *s,
		     const struct engine_call *e);
/* plan_declared.c: the state as moved and import declarations say. */
int plan_moves(struct planner *x);
int plan_imports(struct planner *x);
/* Empty: it was there all along. */
struct str plan_moved_from(const struct planner *x, struct str address);
struct str plan_import_id(const struct planner *x, struct str address);
/* plan_delete.c: adds steps for what is in state only, or all of it. */
int plan_deletes(struct planner *x);
/* plan_select.c: says what is left out, before anything is read. */
int planner_choose(struct planner *x);
/* Reads what is selected and was not read yet. */
int planner_refresh(struct planner *x);
/* Settles a step that is left out: it is as in the state. */
void planner_keep(struct planner *x, size_t step);
/*
 * What uses something that is replaced is selected too: true when the steps
 * must be planned again.
 */
bool planner_widen(struct planner *x);
/* Says what was left out, or is used by what is left out, unasked. */
void planner_tell_left_out(struct planner *x);
bool planner_leaves_state(const struct planner *x, size_t i);
/* --replace: addresses are checked; then steps that are named are replaced. */
int planner_replace_init(struct planner *x);
void planner_replace(struct planner *x, size_t step);
bool planner_is_asked(const struct planner *x, struct str address);
/* Makes known what a destroy leaves, for outputs that stay. */
void planner_know_kept(struct planner *x);
/* plan_refresh.c: steps that take over what was read, and do nothing. */
int plan_refresh_only(struct planner *x);
/* plan_drift.c: fills drift from what was read. */
int plan_drift(struct planner *x);
struct place planner_place(const struct planner *x, struct str address);

/*
 * plan_file.c: a digest of the values of secret params, keyed with the state
 * key; empty when there is none or no key.
 */
void plan_secrets_digest(const struct context *c, char hex[65]);
/* plan_file.c: the canonical text, and a value as it stands there. */
void plan_write_value(struct buf *b, struct value v);
void plan_write_body(struct buf *b, const struct plan *p,
		     const struct context *c);

enum { PLAN_FILE_MAX = 1 << 30 };

const char *effect_name(enum effect_kind kind);

#endif
