#include <config.h>

/*
 * In: a plan, its expansion, a state that holds what is. Out: a state that
 * holds what became of each step, committed once, and the result's counts.
 *
 * A step goes through phases; execute.c asks for the next operation each time:
 *
 *	begin -> [check] -> create or update -> [run] -> over
 *	begin -> [check] -> delete -> over
 */

#include "engine/apply.h"

#include "engine/address.h"
#include "engine/apply_graph.h"
#include "engine/calls.h"
#include "engine/checks.h"
#include "engine/commit.h"
#include "engine/context.h"
#include "engine/estimate.h"
#include "engine/execute.h"
#include "engine/expand.h"
#include "engine/identity.h"
#include "engine/journal.h"
#include "engine/left_out.h"
#include "engine/plan.h"
#include "engine/promise.h"
#include "engine/recorded.h"
#include "engine/state.h"
#include "engine/store.h"
#include "lang/ast.h"
#include "lang/base/clock.h"
#include "lang/base/map.h"

#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 30 * 60 * 1000 };

enum phase { PHASE_BEGIN, PHASE_CHECKED, PHASE_ACTED, PHASE_OVER };

struct node {
	enum phase phase;
	struct arena arena; /* until the node is over */
	struct value wanted;
	struct state_resource recorded; /* what the state keeps besides */
	/* Of the delete of a replacement that creates first: what is deleted */
	struct str deposed;
};

struct apply {
	struct context *context;
	struct expansion *expansion;
	struct plan *plan;
	struct apply_result *result;
	struct state state; /* what is, step by step */
	struct apply_graph graph;
	struct node *nodes;
	/* By resource: its attributes with the id; marks 0 and null: not yet.
	 */
	struct value *known;
	bool *is_known;
	struct schedule schedule;
	struct report report;
	struct estimate estimate;
	struct journal *journal;
	struct arena arena; /* of `known` */
	struct str hash;
	bool has_lost_lease;
};

static const struct value *lookup(void *context, size_t index)
{
	const struct apply *a = context;

	return a->is_known[index] ? &a->known[index] : NULL;
}

/* From now on expressions see what became of the resource. */
static void make_known(struct apply *a, const struct plan_step *step)
{
	const struct state_resource *r = state_find(&a->state, step->address);
	size_t index;

	if (!step->resource)
		return;
	index = step->resource->index;
	/* Found while planning, and in no state. */
	if (step->is_existing) {
		a->known[index] = plan_after(step);
		a->is_known[index] = true;
		return;
	}
	if (r)
		a->known[index] = value_with(r->attrs, STR("id"),
					     value_str(r->id), &a->arena);
	a->is_known[index] = r != NULL;
}

static struct operation *make_operation(const struct apply *a,
					const struct plan_step *step,
					const struct node *node,
					enum operation_kind kind)
{
	struct operation *op = operation_new(kind);
	const struct state_resource *prior;

	op->address = node->deposed.n ? node->deposed : step->address;
	prior = state_find(&a->state, op->address);
	op->schema = step->schema;
	op->type = step->type;
	op->provider = step->provider;
	if (step->resource)
		op->timeout_ms = operation_timeout(step->resource, kind);
	/* As it was read, until an operation of this step has changed it. */
	if (prior && step->prior &&
	    (kind != OPERATION_RUN || step->action == ACTION_RUN))
		prior = step->prior;
	/* What is created anew has nothing to do with what is gone. */
	if (prior && kind != OPERATION_CREATE) {
		op->prior = prior;
		op->id = prior->id;
	}
	if (kind == OPERATION_DELETE)
		return op;
	op->config = value_copy(node->wanted, &op->arena);
	op->n_deps = node->recorded.n_deps;
	op->deps = arena_new(&op->arena, struct str, op->n_deps + 1);
	if (op->n_deps)
		memcpy(op->deps, node->recorded.deps,
		       op->n_deps * sizeof(*op->deps));
	op->prevent_destroy = node->recorded.prevent_destroy;
	op->keep_on_destroy = node->recorded.keep_on_destroy;
	op->replace_when = str_dup(node->recorded.replace_when, &op->arena);
	return op;
}

static enum next over(struct apply *a, struct node *node,
		      const struct plan_step *step)
{
	node->phase = PHASE_OVER;
	a->result->steps[step->index].outcome = OUTCOME_DONE;
	make_known(a, step);
	arena_release(&node->arena);
	return NEXT_DONE;
}

/* What is not written any more is as if it had never been. */
static struct value without(struct value attrs, struct str name,
			    struct arena *a)
{
	struct value_entry *kept;
	size_t n = 0;

	if (!value_get_str(attrs, name))
		return attrs;
	kept = arena_new(a, struct value_entry, attrs.as.map.n);
	for (size_t i = 0; i < attrs.as.map.n; i++)
		if (!str_eq(attrs.as.map.entries[i].key, name))
			kept[n++] = attrs.as.map.entries[i];
	return value_sorted(kept, n);
}

/*
 * Nothing to do outside: but what was read, the attributes that steer dmsl, the
 * dependencies and the life cycle go into the state.
 */
static enum next keep(struct apply *a, struct node *node,
		      const struct plan_step *step, struct error *err)
{
	const struct state_resource *old = state_find(&a->state, step->address);
	struct state_resource r;

	if (!step->prior)
		return over(a, node, step);
	r = *step->prior;
	for (const struct attr_schema *s = step->schema->attrs;
	     step->resource && s->name; s++) {
		const struct value *v = value_get(step->wanted, s->name);

		if (!(s->flags & ATTR_LOCAL))
			continue;
		if (v && value_is_known(*v))
			r.attrs = value_with(r.attrs, str_from(s->name), *v,
					     &node->arena);
		else if (!v && !(s->flags & ATTR_COMPUTED))
			r.attrs =
			    without(r.attrs, str_from(s->name), &node->arena);
	}
	if (step->resource && recorded_fill(a->expansion, step->resource,
					    &node->arena, &r, err) < 0)
		return NEXT_FAILED;
	if (!old || !value_eq(old->attrs, r.attrs) || !recorded_eq(old, &r))
		state_put(&a->state, &r);
	a->result->updated += a->plan->asked.is_refresh_only && step->n_changes;
	return over(a, node, step);
}

static enum next forget(struct apply *a, struct node *node,
			const struct plan_step *step, struct error *err)
{
	struct journal_record r = {
		.kind = JOURNAL_DONE,
		.address = step->address,
		.action = STR("forget"),
	};

	if (journal_add(a->journal, &r, err) < 0)
		return NEXT_FAILED;
	state_remove(&a->state, step->address);
	a->result->forgotten++;
	return over(a, node, step);
}

/* Evaluates what is wanted by what is known by now. */
static int prepare(struct apply *a, struct node *node,
		   const struct plan_step *step, struct error *err)
{
	if (expand_wanted(a->expansion, step->resource->index, &node->arena,
			  &node->wanted, NULL) < 0) {
		/* The finding is there already. */
		*err = (struct error){ .kind = ERROR_INVALID };
		return -1;
	}
	/* What is made anew is made as it is written. */
	if (step->prior && step->action != ACTION_REPLACE)
		expand_ignored(step->resource, step->prior->attrs, &node->arena,
			       &node->wanted, NULL);
	if (!value_is_known(node->wanted))
		return error_set(err, ERROR_FAILED,
				 "what it needs is still "
				 "not known");
	if (recorded_fill(a->expansion, step->resource, &node->arena,
			  &node->recorded, err) < 0)
		return -1;
	return promise_check_wanted(step, node->wanted, &node->arena, err);
}

/*
 * The old object makes room in the state for the one that replaces it. Durable
 * before the intent of the create, which is synced behind it: after a crash it
 * is either left over, and the next plan deletes it, or, where nothing was
 * created, still that of its address.
 */
static int depose(struct apply *a, const struct plan_step *step,
		  struct error *err)
{
	struct state_resource *old = state_depose(&a->state, step->address);
	struct journal_record r = {
		.kind = JOURNAL_DONE,
		.action = STR("depose"),
		.resource = old,
	};

	if (!old)
		return 0;
	r.address = old->address;
	a->nodes[a->graph.delete_node[step->index]].deposed = old->address;
	return journal_add(a->journal, &r, err);
}

/* The provider made no other object of it: there is nothing to delete. */
static bool is_still_used(const struct apply *a, const struct plan_step *step,
			  const struct node *node)
{
	const struct state_resource *now = state_find(&a->state, step->address);
	const struct state_resource *old = state_find(&a->state, node->deposed);

	return now && old && str_eq(now->id, old->id);
}

static enum next delete_next(struct apply *a, struct node *node,
			     const struct plan_step *step,
			     struct operation **op)
{
	struct str address = node->deposed.n ? node->deposed : step->address;

	if (step->creates_first && is_still_used(a, step, node))
		state_remove(&a->state, address);
	if (!state_find(&a->state, address) ||
	    (step->creates_first && !node->deposed.n))
		node->phase = PHASE_OVER;
	switch (node->phase) {
	case PHASE_BEGIN:
		node->phase = PHASE_CHECKED;
		if (step->type->ops->plan) {
			*op = make_operation(a, step, node, OPERATION_CHECK);
			(*op)->check_action = action_name(step->action);
			/* As the plan asked: what is new is not known yet. */
			(*op)->config = value_copy(step->wanted, &(*op)->arena);
			return NEXT_OPERATION;
		}
		/* fall through */
	case PHASE_CHECKED:
		node->phase = PHASE_ACTED;
		*op = make_operation(a, step, node, OPERATION_DELETE);
		return NEXT_OPERATION;
	case PHASE_ACTED:
	case PHASE_OVER:
		break;
	}
	node->phase = PHASE_OVER;
	if (step->action == ACTION_DELETE) {
		a->result->deleted++;
		a->result->steps[step->index].outcome = OUTCOME_DONE;
	}
	return NEXT_DONE;
}

static void count(struct apply *a, const struct plan_step *step)
{
	a->result->created += step->action == ACTION_CREATE;
	a->result->updated += step->action == ACTION_UPDATE;
	a->result->replaced += step->action == ACTION_REPLACE;
	a->result->ran += step->runs || step->action == ACTION_RUN;
}

static enum next change_next(struct apply *a, struct node *node,
			     const struct plan_step *step,
			     struct operation **op, struct error *err)
{
	bool is_run_only = step->action == ACTION_RUN;
	bool has_object = is_run_only || step->action == ACTION_UPDATE;

	switch (node->phase) {
	case PHASE_BEGIN:
		if (prepare(a, node, step, err) < 0)
			return NEXT_FAILED;
		node->phase = PHASE_CHECKED;
		if (step->type->ops->plan) {
			*op = make_operation(a, step, node, OPERATION_CHECK);
			(*op)->check_action = is_run_only  ? "none"
					      : has_object ? "update"
							   : "create";
			return NEXT_OPERATION;
		}
		/* fall through */
	case PHASE_CHECKED:
		node->phase = PHASE_ACTED;
		if (step->creates_first && depose(a, step, err) < 0)
			return NEXT_FAILED;
		if (!is_run_only) {
			*op = make_operation(a, step, node,
					     has_object ? OPERATION_UPDATE
							: OPERATION_CREATE);
			(*op)->is_beside = step->creates_first;
			return NEXT_OPERATION;
		}
		/* fall through */
	case PHASE_ACTED:
		node->phase = PHASE_OVER;
		if (is_run_only || step->runs) {
			*op = make_operation(a, step, node, OPERATION_RUN);
			return NEXT_OPERATION;
		}
		/* fall through */
	case PHASE_OVER:
		break;
	}
	count(a, step);
	return over(a, node, step);
}

/* An existing object that could not be looked for while planning. */
static enum next read_next(struct apply *a, struct node *node,
			   const struct plan_step *step, struct operation **op,
			   struct error *err)
{
	if (node->phase != PHASE_BEGIN) {
		node->phase = PHASE_OVER;
		arena_release(&node->arena);
		return NEXT_DONE;
	}
	if (prepare(a, node, step, err) < 0)
		return NEXT_FAILED;
	node->phase = PHASE_ACTED;
	*op = make_operation(a, step, node, OPERATION_READ);
	(*op)->id = value_text((*op)->config, "id");
	return NEXT_OPERATION;
}

/* What was found of it; it is in no state. */
static int take_found(struct apply *a, const struct plan_step *step,
		      const struct call *c, struct error *err)
{
	size_t i = step->resource->index;
	struct value v = value_copy(c->config, &a->arena);

	if (c->is_gone || c->id.n == 0)
		return error_set(err, ERROR_NOT_FOUND,
				 "there is no %s \"%.*s\"", step->schema->name,
				 STR_ARG(c->id));
	if (c->result.kind == VALUE_MAP)
		for (size_t k = 0; k < c->result.as.map.n; k++) {
			const struct value_entry *e =
			    &c->result.as.map.entries[k];

			v = value_with(v, str_dup(e->key, &a->arena),
				       value_copy(e->value, &a->arena),
				       &a->arena);
		}
	a->known[i] = value_with(
	    v, STR("id"), value_str(str_dup(c->id, &a->arena)), &a->arena);
	a->is_known[i] = true;
	return 0;
}

static enum next next_operation(void *owner, size_t number,
				struct operation **op, struct error *err)
{
	struct apply *a = owner;
	struct node *node = &a->nodes[number];
	const struct plan_step *step;

	if (number >= a->graph.first_join)
		return NEXT_DONE;
	step = &a->plan->steps[a->graph.step_of[number]];
	if (a->graph.delete_node[step->index] == number)
		return delete_next(a, node, step, op);
	if (step->is_left_out)
		return over(a, node, step);
	switch (step->action) {
	case ACTION_NONE:
		return keep(a, node, step, err);
	case ACTION_READ:
		return read_next(a, node, step, op, err);
	case ACTION_FORGET:
		return forget(a, node, step, err);
	case ACTION_CREATE:
	case ACTION_UPDATE:
	case ACTION_REPLACE:
	case ACTION_RUN:
		return change_next(a, node, step, op, err);
	case ACTION_DELETE:
		break;
	}
	BUG("delete of step %u", step->index);
}

/*
 * An effect that was not shown is never carried out. What was read is known
 * from here on.
 */
static int check_effects(void *owner, size_t number,
			 const struct engine_call *e, struct error *err)
{
	struct apply *a = owner;
	const struct plan_step *step =
	    &a->plan->steps[a->graph.step_of[number]];

	if (step->is_existing)
		return take_found(a, step, &e->call, err);
	if (a->graph.delete_node[step->index] == number)
		return promise_check_effects(step, &e->call, err);
	return promise_check_call(step, &e->call, err);
}

static void note_failure(struct apply *a, const struct plan_step *step,
			 const struct operation *op)
{
	struct apply_step *out = &a->result->steps[step->index];
	const struct state_resource *now = state_find(&a->state, step->address);

	a->result->failed++;
	out->outcome = op && op->is_unknown ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
	out->is_tainted = now && now->is_tainted;
}

static void step_failed(void *owner, size_t number, const struct operation *op,
			const struct error *err)
{
	struct apply *a = owner;
	const struct plan_step *step =
	    &a->plan->steps[a->graph.step_of[number]];
	struct diags *diags = &a->context->diags;
	const struct resource *declared = step->resource;
	struct place place = { 0 };
	struct diag *d;

	note_failure(a, step, op);
	arena_release(&a->nodes[number].arena);
	if (!err->message[0])
		return;
	if (!declared)
		declared = expand_find(a->expansion, step->address);
	if (declared)
		place = declared->place;
	d = diag_error(diags, "E0510", place, "could not %s \"%.*s\": %s",
		       op && op->kind != OPERATION_CHECK
			   ? operation_name(op->kind)
			   : action_name(step->action),
		       STR_ARG(step->address), err->message);
	if (err->hint[0])
		diag_hint(diags, d, "%s", err->hint);
}

static void step_skipped(void *owner, size_t number, size_t because)
{
	struct apply *a = owner;
	const struct plan_step *step = &a->plan->steps[number];

	/* Its results stay unknown; what is there stays as it was. */
	if (number >= a->plan->n_steps || step->action == ACTION_NONE ||
	    a->graph.step_of[because] == step->index)
		return;
	a->result->skipped++;
	a->result->steps[step->index] = (struct apply_step){
		.outcome = OUTCOME_SKIPPED,
		.because = a->graph.step_of[because],
	};
	report_skipped(&a->report, step->address,
		       a->plan->steps[a->graph.step_of[because]].address);
}

/* Of a destroy in part those stay that the plan showed to stay. */
static void keep_outputs(struct apply *a)
{
	const struct plan *p = a->plan;
	struct value_entry *entries =
	    arena_new(a->state.arena, struct value_entry, p->n_outputs + 1);
	size_t n = 0;

	for (size_t i = 0; i < p->n_outputs; i++)
		if (!value_is_null(p->outputs[i].new))
			entries[n++] = (struct value_entry){
				str_dup(p->outputs[i].name, a->state.arena),
				value_copy(p->outputs[i].new, a->state.arena),
			};
	a->state.outputs = value_map(entries, n, a->state.arena);
}

/* Outputs by what is known now; one that is not keeps its last value. */
static void set_outputs(struct apply *a)
{
	const struct expansion *e = a->expansion;
	size_t n = e ? e->n_outputs : 0, kept = 0;
	struct value_entry *entries;

	if (a->plan->asked.is_refresh_only)
		return;
	if (a->plan->is_destroy) {
		keep_outputs(a);
		return;
	}
	entries = arena_new(a->state.arena, struct value_entry, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct value v;
		const struct value *old =
		    value_get_str(a->state.outputs, e->outputs[i]->name);

		if (expand_output(a->expansion, e->outputs[i], a->state.arena,
				  &v) < 0 ||
		    !value_is_known(v)) {
			if (!old)
				continue;
			v = *old;
		}
		entries[kept++] = (struct value_entry){
			str_dup(e->outputs[i]->name, a->state.arena),
			value_copy(v, a->state.arena),
		};
	}
	a->state.outputs = value_map(entries, kept, a->state.arena);
}

static int begin_journal(struct apply *a, struct error *err)
{
	struct context *c = a->context;
	struct journal_record r = {
		.kind = JOURNAL_BEGIN,
		.run_id = c->run_id,
		.base_commit = c->base_commit,
		.plan_hash = a->hash,
		.stack_uid = c->state.uid,
		.provider = identity_write(c),
	};

	if (journal_open(store_stack_folder(c->store), c->seal, c->replay,
			 &a->journal, err) < 0)
		return -1;
	return journal_add(a->journal, &r, err);
}

/* One record a move: after a crash it was made, or it was not. */
static int move_one(struct apply *a, const struct plan_step *step,
		    struct error *err)
{
	const struct state_resource *old =
	    state_find(&a->state, step->moved_from);
	struct state_resource now;
	struct journal_record r = {
		.kind = JOURNAL_DONE,
		.address = step->moved_from,
		.action = STR("move"),
		.resource = &now,
	};

	if (!old)
		BUG("nothing to move to step %u", step->index);
	now = *old;
	now.address = step->address;
	if (journal_add(a->journal, &r, err) < 0)
		return -1;
	state_put(&a->state, &now);
	state_remove(&a->state, step->moved_from);
	a->result->moved++;
	return 0;
}

static int import_one(struct apply *a, const struct plan_step *step,
		      struct error *err)
{
	struct state_resource now = *step->prior;
	struct journal_record r = {
		.kind = JOURNAL_DONE,
		.address = step->address,
		.action = STR("import"),
		.resource = &now,
	};

	if (journal_add(a->journal, &r, err) < 0)
		return -1;
	state_put(&a->state, &now);
	a->result->imported++;
	return 0;
}

/* Before anything is made that a join would take in. */
static int keep_left_out(struct apply *a, struct error *err)
{
	size_t n;
	struct state_resource *all =
	    left_out_named(a->plan, &a->state, &a->arena, &n);

	for (size_t i = 0; i < n; i++) {
		struct journal_record r = {
			.kind = JOURNAL_DONE,
			.address = all[i].address,
			.action = STR("keep"),
			.resource = &all[i],
		};

		if (journal_add(a->journal, &r, err) < 0)
			return -1;
		state_put(&a->state, &all[i]);
	}
	return 0;
}

/* What is so by declaration alone, before anything is done outside. */
static int take_declared(struct apply *a, struct error *err)
{
	struct map moved = { 0 };
	int result = 0;

	for (size_t i = 0; i < a->plan->n_steps && result == 0; i++) {
		const struct plan_step *step = &a->plan->steps[i];

		if (step->moved_from.n) {
			result = move_one(a, step, err);
			map_put(&moved, step->moved_from,
				(void *)&step->address);
		}
		if (step->import_id.n && step->prior && result == 0)
			result = import_one(a, step, err);
	}
	if (moved.n)
		state_rename_deps(&a->state, &moved);
	map_release(&moved);
	if (result == 0 && a->plan->is_partial)
		result = keep_left_out(a, err);
	return result;
}

static size_t count_work(const struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *step = &p->steps[i];

		n += step->action != ACTION_NONE &&
		     step->action != ACTION_FORGET;
		n += step->action == ACTION_REPLACE;
		n += step->runs && step->action != ACTION_RUN;
	}
	return n;
}

static int run_steps(struct apply *a, struct error *err)
{
	struct execute x = {
		.context = a->context,
		.schedule = &a->schedule,
		.state = &a->state,
		.journal = a->journal,
		.report = &a->report,
		.parallel = a->context->parallel,
		.timeout_ms = TIMEOUT_MS,
		.carried = a->context->replay,
		.owner = a,
		.next = next_operation,
		.checked = check_effects,
		.failed = step_failed,
		.skipped = step_skipped,
	};
	size_t node;

	if (schedule_begin(&a->schedule, &node) < 0) {
		struct str who = STR("a component");

		if (node < a->graph.first_join)
			who = a->plan->steps[a->graph.step_of[node]].address;
		return error_set(err, ERROR_INVALID, "\"%.*s\" needs itself",
				 STR_ARG(who));
	}
	if (execute_run(&x, err) < 0)
		return -1;
	a->result->n_unknown = x.n_unknown;
	a->result->is_interrupted = x.is_interrupted;
	a->result->is_abandoned = x.is_abandoned;
	a->has_lost_lease = x.has_lost_lease;
	a->result->not_begun = a->schedule.counts[SCHEDULE_READY] +
			       a->schedule.counts[SCHEDULE_BLOCKED];
	if (x.broken.kind != ERROR_NONE) {
		*err = x.broken;
		return x.has_lost_lease ? -1 : error_add(err, "journal");
	}
	return 0;
}

/* All is done that could be: one commit, then the journal can go. */
static int finish(struct apply *a, struct error *err)
{
	struct context *c = a->context;
	struct journal_record end = { .kind = JOURNAL_END };
	struct str message;

	if (a->result->n_unknown) {
		journal_close(a->journal, false, err);
		a->journal = NULL;
		error_set(err, ERROR_TIMEOUT,
			  "the outcome of %zu %s is not "
			  "known, so nothing was committed",
			  a->result->n_unknown,
			  a->result->n_unknown == 1 ? "step" : "steps");
		return error_hint(err,
				  "The journal has it: apply again, and it "
				  "is found out first.");
	}
	c->has_kept = a->result->forgotten && !a->plan->asked.is_refresh_only;
	set_outputs(a);
	state_release(&c->state);
	c->state = a->state;
	a->state = (struct state){ 0 };
	message = commit_message(c, a->plan, a->result, a->hash, c->arena);
	if (commit_state(c, message, &a->result->commit, err) < 0)
		return -1;
	if (journal_add(a->journal, &end, err) == 0)
		journal_sync(a->journal, err);
	/* The commit stands; a journal that stays is replayed to no effect. */
	*err = (struct error){ 0 };
	if (journal_close(a->journal, true, err) < 0)
		report_note(&a->report, "%s", err->message);
	a->journal = NULL;
	return 0;
}

static int run(struct apply *a, struct error *err)
{
	struct error run_error = { 0 };
	int result;

	if (begin_journal(a, err) < 0 || take_declared(a, err) < 0)
		return -1;
	result = run_steps(a, &run_error);
	if (a->result->is_abandoned)
		return 0;
	/* The stack is another run's: what is in the journal is for later. */
	if (a->has_lost_lease) {
		*err = run_error;
		return -1;
	}
	/*
	 * With a journal that cannot be written the state is committed all the
	 * more: every call that was begun has ended, so it is complete.
	 */
	if (finish(a, err) < 0)
		return -1;
	if (result < 0)
		*err = run_error;
	return result;
}

bool apply_is_whole(const struct apply_result *r)
{
	return !r->failed && !r->skipped && !r->not_begun && !r->n_unknown &&
	       !r->n_checks_failed && !r->is_interrupted;
}

static void run_checks(struct apply *a)
{
	struct apply_result *r = a->result;

	/* They are about the whole stack. */
	if (!a->expansion || a->plan->is_destroy || a->plan->is_partial ||
	    a->plan->asked.is_refresh_only || !apply_is_whole(r))
		return;
	checks_run(a->context, a->expansion, &r->checks, &r->n_checks);
	for (size_t i = 0; i < r->n_checks; i++)
		r->n_checks_failed += !r->checks[i].has_passed;
}

void apply_checks(struct context *c, struct expansion *e, struct plan *p,
		  struct apply_result *out)
{
	size_t n = e ? e->n : 0;
	struct apply a = {
		.context = c,
		.expansion = e,
		.plan = p,
		.result = out,
	};

	*out = (struct apply_result){ 0 };
	if (!p->n_checks)
		return;
	a.known = arena_new(&a.arena, struct value, n + 1);
	a.is_known = arena_new(&a.arena, bool, n + 1);
	state_copy(&a.state, &c->state, c->arena);
	for (size_t i = 0; i < p->n_steps; i++)
		make_known(&a, &p->steps[i]);
	e->lookup = lookup;
	e->lookup_context = &a;
	run_checks(&a);
	e->lookup = NULL;
	state_release(&a.state);
	arena_release(&a.arena);
}

/* What was learnt is worth no error: next time it is not foretold. */
static void end_estimate(struct apply *a)
{
	struct error ignored;

	durations_save(&a->estimate.after,
		       store_stack_folder(a->context->store), &ignored);
	estimate_release(&a->estimate);
}

int apply_run(struct context *c, struct expansion *e, struct plan *p,
	      struct apply_result *out, struct error *err)
{
	int64_t begun = clock_ms();
	size_t n_resources = e ? e->n : 0;
	struct apply a = {
		.context = c,
		.expansion = e,
		.plan = p,
		.result = out,
	};
	int result;

	*out = (struct apply_result){
		.steps = arena_new(c->arena, struct apply_step, p->n_steps + 1),
	};
	a.hash = plan_hash(p, c, c->arena);
	a.known = xrealloc(NULL, n_resources + 1, sizeof(*a.known));
	a.is_known = xrealloc(NULL, n_resources + 1, sizeof(*a.is_known));
	memset(a.is_known, 0, (n_resources + 1) * sizeof(*a.is_known));
	state_copy(&a.state, &c->state, c->arena);
	apply_graph_init(&a.graph, p, &a.schedule);
	a.nodes = xrealloc(NULL, a.graph.n_nodes + 1, sizeof(*a.nodes));
	memset(a.nodes, 0, (a.graph.n_nodes + 1) * sizeof(*a.nodes));
	if (e) {
		e->lookup = lookup;
		e->lookup_context = &a;
	}
	report_open(&a.report, c, a.graph.n_nodes, count_work(p));
	estimate_init(&a.estimate, store_stack_folder(c->store), p, &a.graph,
		      &a.schedule, c->parallel);
	a.report.estimate = &a.estimate;
	result = run(&a, err);
	if (!out->is_abandoned) {
		if (result == 0)
			run_checks(&a);
		report_close(&a.report);
		end_estimate(&a);
		if (a.journal) {
			struct error ignored;

			journal_close(a.journal, false, &ignored);
		}
		for (size_t i = 0; i < a.graph.n_nodes; i++)
			arena_release(&a.nodes[i].arena);
		free(a.nodes);
		free(a.known);
		free(a.is_known);
		apply_graph_release(&a.graph);
		schedule_release(&a.schedule);
		state_release(&a.state);
		arena_release(&a.arena);
		if (e)
			e->lookup = NULL;
	}
	out->elapsed_ms = clock_ms() - begun;
	return result;
}
