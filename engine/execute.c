#include <config.h>

#include "engine/execute.h"

#include "engine/calls.h"
#include "engine/context.h"
#include "engine/diff.h"
#include "engine/journal.h"
#include "engine/state.h"
#include "engine/store.h"
#include "engine/worker.h"
#include "lang/base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	POLLS_MOST = 100,      /* in one call */
	LEASE_RETRY_MS = 1000, /* after a renewal that failed */
	ROUND = 64,	       /* nodes begun before the loop looks around */
};

/*
 * What lives in this process and in the state only has no effect outside that
 * could be done twice or be lost.
 */
static bool has_effect(const struct operation *op)
{
	return operation_changes(op) && !op->schema->is_built_in;
}

static const char *provider_name(const struct execute *x,
				 const struct operation *op)
{
	return x->context->open[op->provider].title;
}

/* Nothing may be begun any more: it could be lost, or done twice. */
static void stop(struct execute *x, const struct error *err, const char *what)
{
	if (x->broken.kind == ERROR_NONE) {
		x->broken = *err;
		report_note(x->report, "%s, nothing new is begun: %s", what,
			    err->message);
	}
	schedule_drain(x->schedule);
}

static void journal_failed(struct execute *x, const struct error *err)
{
	stop(x, err, "the journal cannot be written");
}

static void keep_lease(struct execute *x)
{
	struct error err = { 0 };

	if (!x->context->has_lease || x->has_lost_lease ||
	    store_hold(x->context->store, &err) == 0)
		return;
	x->has_lost_lease = true;
	stop(x, &err, "the lease is lost");
}

static void add_record(struct execute *x, struct journal_record *r)
{
	struct error err = { 0 };

	if (x->broken.kind == ERROR_NONE && !x->has_lost_lease &&
	    journal_add(x->journal, r, &err) < 0)
		journal_failed(x, &err);
}

static void add_intent(struct execute *x, struct operation *op)
{
	struct journal_record r = {
		.kind = JOURNAL_INTENT,
		.address = op->address,
		.action = str_from(operation_name(op->kind)),
		.token = op->token,
		.type = str_from(op->type->name),
		.provider = str_from(provider_name(x, op)),
		.recovery =
		    op->type->ops->recovery ? op->type->ops->recovery : 'N',
		.config = op->config,
		/* The journal only reads it. */
		.prior = (struct state_resource *)op->prior,
		.deps = op->deps,
		.n_deps = op->n_deps,
		.id = op->id,
		.name = op->name,
		.replace_when = op->replace_when,
	};

	add_record(x, &r);
	x->is_dirty = true;
}

static void add_outcome(struct execute *x, const struct operation *op,
			enum journal_kind kind, struct state_resource *resource,
			const char *message)
{
	struct journal_record r = {
		.kind = kind,
		.address = op->address,
		.action = str_from(operation_name(op->kind)),
		.token = op->token,
		.id = op->id,
		.memo = op->memo,
		.resource = resource,
		.message = str_from(message),
		.may_wait = !has_effect(op),
	};

	add_record(x, &r);
	if (kind == JOURNAL_ACCEPTED)
		x->is_dirty = true;
}

/*
 * Journal and state keep texts; a provider gets what the schema says: a
 * duration or a size as such.
 */
static struct value typed(struct execute *x, const struct operation *op,
			  struct value attrs, struct arena *a)
{
	return diff_convert(catalog_type(&x->types, str_from(op->schema->name)),
			    attrs, a);
}

/* The call of an operation; a new one for each attempt and each poll. */
static struct engine_call *make_call(struct execute *x, struct operation *op)
{
	static const enum call_function functions[] = {
		[OPERATION_CHECK] = CALL_PLAN,
		[OPERATION_READ] = CALL_LOOKUP,
		[OPERATION_CREATE] = CALL_CREATE,
		[OPERATION_UPDATE] = CALL_UPDATE,
		[OPERATION_DELETE] = CALL_DESTROY,
		[OPERATION_RUN] = CALL_RUN,
		[OPERATION_CONTROL] = CALL_CONTROL,
	};
	struct engine_call *e =
	    call_new(x->context, op->provider, op->type, op->address, op->prior,
		     functions[op->kind]);

	e->call.prior = typed(x, op, e->call.prior, &e->arena);
	e->call.config = value_copy(op->config, &e->arena);
	e->call.token = str_dup(op->token, &e->arena);
	if (op->name.n)
		e->call.name = str_dup(op->name, &e->arena);
	/* A create has no object yet, unless an earlier attempt told its id. */
	if (op->id.n || op->kind == OPERATION_CREATE)
		e->call.id = str_dup(op->id, &e->arena);
	e->call.memo = str_dup(op->memo, &e->arena);
	e->call.control = str_dup(op->control, &e->arena);
	e->call.is_poll = op->is_poll;
	/* What had no answer may have had effect: it has to be found. */
	e->call.is_recovery = op->is_recovery || op->is_unsure;
	if (op->run_id.n)
		e->call.run_id = op->run_id;
	e->call.attempt = op->attempt;
	if (op->timeout_ms > 0) {
		e->call.left_ms = op->timeout_ms + op->begun_ms - clock_ms();
		if (e->call.left_ms < 1)
			e->call.left_ms = 1;
	}
	e->action = op->check_action;
	e->index = op->node;
	e->owner = op;
	return e;
}

static struct state_resource resource_after(const struct execute *x,
					    const struct operation *op,
					    struct value result,
					    struct arena *a)
{
	return (struct state_resource){
		.address = op->address,
		.type = str_from(op->type->name),
		.provider = str_from(provider_name(x, op)),
		.id = op->id.n	  ? op->id
		      : op->prior ? op->prior->id
				  : op->id,
		.attrs = operation_attributes(op, result, a),
		.deps = op->deps,
		.n_deps = op->n_deps,
		.prevent_destroy = op->prevent_destroy,
		.keep_on_destroy = op->keep_on_destroy,
		.replace_when = op->replace_when,
	};
}

static void end_operation(struct execute *x, struct operation *op)
{
	x->operations[op->node] = NULL;
	operation_free(op);
}

static void fail_node(struct execute *x, size_t node,
		      const struct operation *op, const struct error *err)
{
	if (x->failed)
		x->failed(x->owner, node, op, err);
	schedule_fail(x->schedule, node, x->skipped, x->owner);
}

static void queue(struct execute *x, struct operation *op)
{
	op->next_unsent = op->next_polled = NULL;
	op->n_polled = 0;
	*x->unsent_end = op;
	x->unsent_end = &op->next_unsent;
	x->n_unsent++;
}

/*
 * A create whose outcome recovery could not find out is repeated in its turn:
 * as it was begun, with everything that its token stands for.
 */
static void take_up(struct execute *x, struct operation *op)
{
	const struct journal_record *intent;
	struct value begun;

	if (!x->carried || op->kind != OPERATION_CREATE || op->is_recovery)
		return;
	intent = map_get(&x->carried_at, op->address);
	if (!intent)
		return;
	begun =
	    typed(x, op, value_copy(intent->config, &op->arena), &op->arena);
	op->is_outdated = !value_eq(op->config, begun);
	op->config = begun;
	op->is_recovery = true;
	op->token = intent->token;
	op->name = intent->name;
	op->is_beside = false;
	op->run_id = intent->run_id;
	op->id = intent->id;
	op->memo = intent->memo;
	op->replace_when = intent->replace_when;
	x->n_taken_up++;
}

/* It was made as it was wanted then, and now something else is. */
static void outdated(struct execute *x, size_t node, const struct operation *op)
{
	struct error err = { 0 };

	error_set(&err, ERROR_CONFLICT,
		  "an interrupted run had begun it with other attributes, and "
		  "so it was ended");
	error_hint(&err, "Apply again: what has changed since is then seen.");
	fail_node(x, node, op, &err);
}

/* Asks the owner what the node does next; called when nothing of it runs. */
static void advance(struct execute *x, size_t node)
{
	struct operation *op = NULL;
	struct error err = { 0 };

	switch (x->next(x->owner, node, &op, &err)) {
	case NEXT_DONE:
		schedule_done(x->schedule, node);
		return;
	case NEXT_FAILED:
		fail_node(x, node, NULL, &err);
		return;
	case NEXT_OPERATION:
		break;
	}
	if (op->is_recovery)
		op->config = typed(x, op, op->config, &op->arena);
	take_up(x, op);
	op->node = node;
	op->begun_ms = clock_ms();
	x->operations[node] = op;
	if (op->kind != OPERATION_CHECK) {
		report_begin(x->report, node, operation_name(op->kind),
			     op->address);
		if (!op->token.n && has_effect(op))
			op->token =
			    operation_token(op, x->context->run_id, &op->arena);
		if (op->is_beside && op->token.n)
			op->name = call_name_beside(x->context, op->address,
						    op->token, &op->arena);
	}
	if (has_effect(op) && !op->is_recovery)
		add_intent(x, op);
	if (op->schema->is_built_in)
		x->here = op;
	else
		queue(x, op);
}

/* One call for an operation, or for the polls that go together. */
static void submit(struct execute *x, struct operation *op)
{
	struct engine_call *e = make_call(x, op);

	for (struct operation *o = op->next_polled; o; o = o->next_polled)
		call_join(e, make_call(x, o));
	op->has_begun = true;
	workers_submit(x->workers, &e->work);
	x->n_calls++;
}

/* Never called, or never again: what an earlier call did stays open. */
static void give_up(struct execute *x, struct operation *op)
{
	x->n_unknown += op->has_begun && has_effect(op);
	if (op->kind != OPERATION_CHECK)
		report_end(x->report, op->node, &x->broken);
	fail_node(x, op->node, op, &x->broken);
	end_operation(x, op);
}

/*
 * What has begun may end, whatever the journal does: its intent is durable, and
 * the sooner its end is known, the more can be committed. But not without the
 * lease.
 */
static bool may_send(const struct execute *x, const struct operation *op)
{
	if (x->broken.kind == ERROR_NONE)
		return true;
	return op->has_begun && !x->has_lost_lease;
}

static bool has_effects(const struct operation *op)
{
	for (; op; op = op->next_unsent)
		if (has_effect(op))
			return true;
	return false;
}

/*
 * One sync for all intents and ids that came together; then they may go. After
 * a failure of the journal that goes for polls and further attempts only: their
 * intents are durable, and what they began would be left half done.
 */
static void send(struct execute *x)
{
	struct operation *op = x->unsent;
	struct error err = { 0 };

	if (has_effects(op))
		keep_lease(x);
	if (x->is_dirty && x->broken.kind == ERROR_NONE &&
	    journal_sync(x->journal, &err) < 0)
		journal_failed(x, &err);
	x->is_dirty = false;
	x->unsent = NULL;
	x->unsent_end = &x->unsent;
	x->n_unsent = 0;
	while (op) {
		struct operation *next = op->next_unsent;

		if (may_send(x, op)) {
			submit(x, op);
		} else {
			while (op) {
				struct operation *polled = op->next_polled;

				give_up(x, op);
				op = polled;
			}
		}
		op = next;
	}
}

/*
 * Beside the object that stands in the state: that is left over from here on.
 * Where it was deposed before the create began nothing changes; a create that
 * was carried on from another run may end without.
 */
static void keep_old(struct execute *x, const struct operation *op)
{
	const struct state_resource *old = state_find(x->state, op->address);
	struct state_resource *deposed;

	if (!op->name.n || !old || !op->id.n || str_eq(old->id, op->id))
		return;
	deposed = state_depose(x->state, op->address);
	add_record(x, &(struct journal_record){
			  .kind = JOURNAL_DONE,
			  .address = deposed->address,
			  .action = STR("depose"),
			  .resource = deposed,
		      });
}

static void operation_done(struct execute *x, struct operation *op,
			   struct engine_call *e)
{
	size_t node = op->node;

	if (!operation_changes(op)) {
		struct error err = { 0 };
		bool is_bad =
		    x->checked && x->checked(x->owner, node, e, &err) < 0;

		if (op->kind == OPERATION_READ)
			report_end(x->report, node, is_bad ? &err : NULL);
		if (is_bad) {
			fail_node(x, node, op, &err);
			end_operation(x, op);
			return;
		}
	} else if (op->kind == OPERATION_DELETE) {
		state_remove(x->state, op->address);
		add_outcome(x, op, JOURNAL_DONE, NULL, NULL);
		report_end(x->report, node, NULL);
	} else {
		struct state_resource r =
		    resource_after(x, op, e->call.result, &e->arena);

		keep_old(x, op);
		state_put(x->state, &r);
		add_outcome(x, op, JOURNAL_DONE, &r, NULL);
		report_end(x->report, node, NULL);
	}
	if (op->is_outdated) {
		outdated(x, node, op);
		end_operation(x, op);
		return;
	}
	end_operation(x, op);
	advance(x, node);
}

static void operation_failed(struct execute *x, struct operation *op,
			     struct engine_call *e, const struct error *err,
			     bool is_unknown)
{
	if (op->kind == OPERATION_CREATE && op->id.n && !is_unknown) {
		/* It is there, if not whole: the next plan replaces it. */
		struct state_resource r = resource_after(
		    x, op, e ? e->call.result : value_null(), &op->arena);

		r.is_tainted = true;
		keep_old(x, op);
		state_put(x->state, &r);
		add_outcome(x, op, JOURNAL_DONE, &r, NULL);
	} else if (has_effect(op) && is_unknown) {
		/* Nobody knows what it did: the intent stays. */
		x->n_unknown++;
		op->is_unknown = true;
	} else if (has_effect(op)) {
		add_outcome(x, op, JOURNAL_FAILED, NULL, err->message);
	}
	if (op->kind != OPERATION_CHECK)
		report_end(x->report, op->node, err);
	fail_node(x, op->node, op, err);
	end_operation(x, op);
}

/* Keeps what a call told about its object; true when something is new. */
static bool learn(struct operation *op, const struct call *c)
{
	bool is_new = false;

	if (c->id.n && !str_eq(c->id, op->id)) {
		op->id = str_dup(c->id, &op->arena);
		is_new = true;
	}
	if (c->memo.n && !str_eq(c->memo, op->memo)) {
		op->memo = str_dup(c->memo, &op->arena);
		is_new = true;
	}
	return is_new;
}

/* Told when the operation is done: until then it may come otherwise. */
static void take_notices(struct operation *op, const struct call *c)
{
	for (size_t i = 0; i < c->notices.n; i++) {
		struct str text = c->notices.items[i];
		struct notice **n = &op->notices;

		while (*n && !str_eq((*n)->text, text))
			n = &(*n)->next;
		if (*n)
			continue;
		*n = arena_new(&op->arena, struct notice, 1);
		(*n)->text = str_dup(text, &op->arena);
	}
}

static int64_t limit_ms(const struct execute *x, const struct operation *op)
{
	int64_t usual =
	    (op->type->limit_s ? op->type->limit_s : 4 * op->type->weight) *
	    INT64_C(1000);

	if (op->timeout_ms > 0)
		return op->timeout_ms;
	return usual > x->timeout_ms ? usual : x->timeout_ms;
}

/* It takes longer than it may; what there is of it is known. */
static void operation_late(struct execute *x, struct operation *op,
			   struct engine_call *e)
{
	struct error err = { 0 };
	const char *name = operation_name(op->kind);
	bool is_made = op->kind == OPERATION_CREATE;

	error_set(&err, ERROR_TIMEOUT, "not done after %s: waiting for %.*s",
		  report_time(clock_ms() - op->begun_ms).text,
		  STR_ARG(e->call.waiting_for));
	error_hint(&err,
		   "If it only needs longer, say so in its block: timeouts { "
		   "%s = 2h }. %s",
		   name,
		   is_made ? "What there is of it now counts as incomplete, "
			     "and is replaced by the next apply."
			   : "It may still go on outside: the next apply looks "
			     "how far it came.");
	/* Without an id nobody could find it again. */
	operation_failed(x, op, e, &err, is_made && !op->id.n);
}

/*
 * Polls of one type that come at the same pace come at the same moments, the
 * multiples of their time: half of it to one and a half from now.
 */
static int64_t poll_time(const struct operation *op, int64_t now, int poll_ms)
{
	if (!op->type->ops->poll_batch)
		return now + poll_ms;
	return (now + poll_ms / 2 + poll_ms) / poll_ms * poll_ms;
}

static void operation_pending(struct execute *x, struct operation *op,
			      struct engine_call *e)
{
	int64_t now = clock_ms();
	int poll_ms = e->call.poll_ms > 0 ? e->call.poll_ms : 1000;

	if (now - op->begun_ms > limit_ms(x, op)) {
		operation_late(x, op, e);
		return;
	}
	op->is_poll = true;
	op->attempt = 0;
	report_waiting(x->report, op->node, e->call.waiting_for);
	schedule_wait(x->schedule, op->node, poll_time(op, now, poll_ms));
}

static void operation_retry(struct execute *x, struct operation *op,
			    struct engine_call *e)
{
	int64_t now = clock_ms();
	enum error_kind kind = e->call.err.kind;
	int64_t delay =
	    operation_retry_delay(kind, op->is_poll, op->attempt,
				  str_hash(op->address) + (uint64_t)now);

	if (delay < 0 || x->is_interrupted || x->broken.kind != ERROR_NONE ||
	    now + delay - op->begun_ms > limit_ms(x, op)) {
		struct error err = e->call.err;

		if (op->attempt)
			error_add(&err, "after %d attempts", op->attempt + 1);
		if (op->timeout_ms > 0 && !err.hint[0] &&
		    now - op->begun_ms >= op->timeout_ms)
			error_hint(
			    &err,
			    "Its block allows %s. If it only needs longer, "
			    "change timeouts { %s }.",
			    report_time(op->timeout_ms).text,
			    operation_name(op->kind));
		operation_failed(x, op, e, &err,
				 operation_is_unknown(op, kind));
		return;
	}
	op->attempt++;
	op->is_unsure |= kind == ERROR_TIMEOUT;
	report_retry(x->report, op->node, &e->call.err, op->attempt, delay);
	schedule_wait(x->schedule, op->node, now + delay);
}

static void operation_ended(struct execute *x, struct engine_call *e)
{
	struct operation *op = e->owner;

	if (learn(op, &e->call) && has_effect(op) && e->outcome != STEP_DONE)
		add_outcome(x, op, JOURNAL_ACCEPTED, NULL, NULL);
	take_notices(op, &e->call);
	switch (e->outcome) {
	case STEP_DONE:
		for (struct notice *n = op->notices; n; n = n->next)
			report_notice(x->report, op->address, n->text);
		operation_done(x, op, e);
		break;
	case STEP_PENDING:
		operation_pending(x, op, e);
		break;
	case STEP_FAILED:
		operation_retry(x, op, e);
		break;
	}
	call_free(e);
}

static void call_ended(struct execute *x, struct engine_call *e)
{
	x->n_calls--;
	while (e) {
		struct engine_call *next = e->joined;

		operation_ended(x, e);
		e = next;
	}
}

static bool is_full(const struct execute *x)
{
	return x->n_calls + x->n_unsent >= (size_t)x->parallel;
}

/* Goes along with a poll that is about to be sent, if there is one like it. */
static bool join_poll(struct execute *x, struct operation *op)
{
	/* After a failure it goes alone: it may be what failed the others. */
	if (!op->is_poll || op->attempt || !op->type->ops->poll_batch)
		return false;
	for (struct operation *o = x->unsent; o; o = o->next_unsent) {
		if (!o->is_poll || o->attempt || o->type != op->type ||
		    o->provider != op->provider || o->kind != op->kind ||
		    o->n_polled + 1 >= POLLS_MOST)
			continue;
		op->next_polled = o->next_polled;
		o->next_polled = op;
		o->n_polled++;
		return true;
	}
	return false;
}

/* Room for a call, or a wait that is over and may go along with another. */
static bool may_begin(const struct execute *x, int64_t now)
{
	int64_t due;

	return !is_full(x) ||
	       (x->n_unsent && schedule_due(x->schedule, &due) && due <= now);
}

/* What follows from one operation is one more at most. */
static void run_here(struct execute *x)
{
	while (x->here) {
		struct engine_call *e = make_call(x, x->here);

		x->here = NULL;
		x->n_calls++;
		e->work.run(&e->work);
		call_ended(x, e);
	}
}

/*
 * Whether there is more to begin: what runs here must not keep signals and
 * results of calls waiting.
 */
static bool begin_nodes(struct execute *x)
{
	int64_t now = clock_ms();
	size_t node;
	int n = 0;

	run_here(x);
	while (may_begin(x, now) && schedule_next(x->schedule, now, &node)) {
		struct operation *op = x->operations[node];

		if (!op) {
			advance(x, node);
			run_here(x);
			if (++n == ROUND)
				return true;
		} else if (!join_poll(x, op)) {
			if (is_full(x)) {
				schedule_wait(x->schedule, node, now);
				break;
			}
			/* What it told is durable when this goes. */
			queue(x, op);
		}
	}
	return false;
}

static int earlier(int timeout, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	return timeout < 0 || ms < timeout ? (int)ms : timeout;
}

/* The time that the loop may sleep: to the next poll, redraw or renewal. */
static int sleep_ms(struct execute *x)
{
	int timeout = report_tick(x->report);
	int64_t due;

	if (x->n_calls < (size_t)x->parallel && schedule_due(x->schedule, &due))
		timeout = earlier(timeout, due - clock_ms());
	if (x->context->has_lease && !x->has_lost_lease) {
		int64_t left = store_hold_in_ms(x->context->store);

		timeout =
		    earlier(timeout, left ? left : (int64_t)LEASE_RETRY_MS);
	}
	return timeout;
}

static void look_for_signals(struct execute *x)
{
	struct signalfd_siginfo info;

	while (read(x->signals, &info, sizeof(info)) == sizeof(info)) {
		if (x->is_interrupted) {
			x->is_abandoned = true;
			continue;
		}
		x->is_interrupted = true;
		schedule_drain(x->schedule);
		report_note(x->report,
			    "interrupted: nothing new is begun, "
			    "waiting for %zu running; once more stops waiting",
			    x->schedule->counts[SCHEDULE_RUNNING] +
				x->schedule->counts[SCHEDULE_WAITING]);
	}
}

static void loop(struct execute *x)
{
	while (!x->is_abandoned) {
		bool is_more = begin_nodes(x);
		struct work *w;
		int wait;

		send(x);
		if (!x->n_calls && schedule_is_over(x->schedule))
			break;
		wait = sleep_ms(x);
		w = workers_next(x->workers,
				 is_more || x->here || x->n_unsent ? 0 : wait);
		look_for_signals(x);
		if (x->context->has_lease &&
		    !store_hold_in_ms(x->context->store))
			keep_lease(x);
		for (; w; w = workers_next(x->workers, 0))
			call_ended(x, w->data);
	}
}

/* Signals come to a descriptor: no handler, no work in one, no race. */
static int catch_signals(struct execute *x, sigset_t *old, struct error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, old) < 0)
		return error_errno(err, "could not block signals");
	x->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (x->signals < 0) {
		error_errno(err, "could not make a signal descriptor");
		sigprocmask(SIG_SETMASK, old, NULL);
		return -1;
	}
	return 0;
}

int execute_run(struct execute *x, struct error *err)
{
	size_t n = x->schedule->n ? x->schedule->n : 1;
	sigset_t old;

	if (catch_signals(x, &old, err) < 0)
		return -1;
	x->workers = workers_open(x->parallel, err);
	if (!x->workers) {
		close(x->signals);
		sigprocmask(SIG_SETMASK, &old, NULL);
		return -1;
	}
	workers_watch(x->workers, x->signals);
	catalog_init(&x->types, x->context->schemas, x->context->arena);
	x->operations = xrealloc(NULL, n, sizeof(*x->operations));
	memset(x->operations, 0, n * sizeof(struct operation *));
	x->unsent = NULL;
	x->unsent_end = &x->unsent;
	for (size_t i = 0; x->carried && i < x->carried->n_open; i++)
		map_put(&x->carried_at, x->carried->open[i].address,
			&x->carried->open[i]);
	loop(x);
	x->n_unknown += x->carried_at.n - x->n_taken_up;
	if (x->is_abandoned) {
		/* What runs cannot be waited for: the caller leaves at once. */
		return 0;
	}
	workers_close(x->workers);
	catalog_release(&x->types);
	map_release(&x->carried_at);
	free(x->operations);
	close(x->signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return 0;
}
