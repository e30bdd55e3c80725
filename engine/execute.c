#include <config.h>

#include "engine/execute.h"

#include "engine/calls.h"
#include "engine/context.h"
#include "engine/journal.h"
#include "engine/state.h"
#include "engine/worker.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "lang/base/vec.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char *const names[] = {
	[OPERATION_CHECK] = "check",   [OPERATION_READ] = "read",
	[OPERATION_CREATE] = "create", [OPERATION_UPDATE] = "update",
	[OPERATION_DELETE] = "delete", [OPERATION_RUN] = "run",
};

const char *operation_name(enum operation_kind kind)
{
	return names[kind];
}

bool operation_from_name(struct str name, enum operation_kind *out)
{
	for (int k = OPERATION_CREATE; k <= OPERATION_RUN; k++) {
		if (!str_is(name, names[k]))
			continue;
		*out = (enum operation_kind)k;
		return true;
	}
	return false;
}

struct operation *operation_new(enum operation_kind kind)
{
	struct operation *op = xmalloc(sizeof(*op));

	*op = (struct operation){ .kind = kind, .config = value_null() };
	return op;
}

void operation_free(struct operation *op)
{
	struct arena a = op->arena;

	free(op);
	arena_release(&a);
}

static bool changes(const struct operation *op)
{
	return op->kind != OPERATION_CHECK && op->kind != OPERATION_READ;
}

/*
 * What lives in this process and in the state only has no effect outside that
 * could be done twice or be lost.
 */
static bool has_effect(const struct operation *op)
{
	return changes(op) && !op->schema->is_built_in;
}

/*
 * When to try again, in one place. -1: not at all. What the service may do
 * later is repeated with the same token, so that it is done once.
 */
static int64_t retry_delay(enum error_kind kind, int attempt, uint64_t salt)
{
	int most = 0;
	int64_t delay;

	switch (kind) {
	case ERROR_THROTTLED:
	case ERROR_UNAVAILABLE:
	case ERROR_TIMEOUT:
		most = 5;
		break;
	case ERROR_CONFLICT:
		most = 3;
		break;
	case ERROR_NONE:
	case ERROR_FAILED:
	case ERROR_NOT_FOUND:
	case ERROR_EXISTS:
	case ERROR_DENIED:
	case ERROR_INVALID:
	case ERROR_QUOTA:
	case ERROR_CORRUPT:
	case ERROR_INTERRUPTED:
		break;
	}
	if (attempt >= most)
		return -1;
	delay = (kind == ERROR_THROTTLED ? 1000 : 200) << attempt;
	/* Spread by up to a half, so that many do not come back at once. */
	return delay + (int64_t)(salt % (uint64_t)(delay / 2 + 1));
}

static struct str token_of(const struct operation *op, const struct context *c,
			   struct arena *a)
{
	struct str text =
	    str_fmt(a, "%.*s\n%.*s\n%s", STR_ARG(c->run_id),
		    STR_ARG(op->address), operation_name(op->kind));
	char hex[DIGEST_HEX_SIZE];

	digest_sha256_hex(text, hex);
	return str_dup(str_from(hex), a);
}

static const char *provider_name(const struct execute *x,
				 const struct operation *op)
{
	return x->context->open[op->provider].provider->name;
}

/* After a failing journal nothing may be begun: it could be done twice. */
static void journal_failed(struct execute *x, const struct error *err)
{
	if (x->broken.kind == ERROR_NONE) {
		x->broken = *err;
		report_note(x->report,
			    "the journal cannot be written, nothing "
			    "new is begun: %s",
			    err->message);
	}
	schedule_drain(x->schedule);
}

static void add_record(struct execute *x, struct journal_record *r)
{
	struct error err = { 0 };

	if (x->broken.kind == ERROR_NONE &&
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
	};

	add_record(x, &r);
	if (kind == JOURNAL_ACCEPTED)
		x->is_dirty = true;
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
	};
	struct engine_call *e =
	    call_new(x->context, op->provider, op->type, op->address, op->prior,
		     functions[op->kind]);

	e->call.config = value_copy(op->config, &e->arena);
	e->call.token = str_dup(op->token, &e->arena);
	if (op->name.n)
		e->call.name = str_dup(op->name, &e->arena);
	/* A create has no object yet, unless an earlier attempt told its id. */
	if (op->id.n || op->kind == OPERATION_CREATE)
		e->call.id = str_dup(op->id, &e->arena);
	e->call.memo = str_dup(op->memo, &e->arena);
	e->call.is_poll = op->is_poll;
	e->call.is_recovery = op->is_recovery;
	e->call.attempt = op->attempt;
	e->action = op->check_action;
	e->index = op->node;
	e->owner = op;
	return e;
}

/*
 * The attributes after an operation: what was wanted, and what the provider
 * computed; what it does not mention stays as it was.
 */
static struct value attributes(const struct operation *op, struct value result,
			       struct arena *a)
{
	const struct value before = op->prior ? op->prior->attrs : value_null();
	struct value attrs = op->config.kind == VALUE_MAP ? op->config : before;
	VEC(struct value_entry) entries = { 0 };

	if (attrs.kind == VALUE_MAP)
		for (size_t i = 0; i < attrs.as.map.n; i++)
			*vec_push(&entries) = attrs.as.map.entries[i];
	for (const struct attr_schema *s = op->schema->attrs; s->name; s++) {
		const struct value *written = value_get(attrs, s->name);
		const struct value *v = NULL;

		if (!(s->flags & ATTR_COMPUTED) ||
		    ((s->flags & ATTR_OPTIONAL) && written &&
		     !value_is_null(*written) && !value_is_unknown(*written)))
			continue;
		if (result.kind == VALUE_MAP)
			v = value_get(result, s->name);
		if (!v)
			v = value_get(before, s->name);
		if (v)
			*vec_push(&entries) = (struct value_entry){
				str_from(s->name),
				*v,
			};
	}
	for (size_t i = 0; i < entries.n; i++) {
		const struct attr_schema *s =
		    schema_attr(op->schema, entries.items[i].key);

		if (s && (s->flags & ATTR_SECRET))
			entries.items[i].value =
			    value_mark(entries.items[i].value, MARK_SECRET);
	}
	attrs = value_map(entries.items, entries.n, a);
	vec_release(&entries);
	return attrs;
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
		.attrs = attributes(op, result, a),
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
	op->node = node;
	op->begun_ms = clock_ms();
	x->operations[node] = op;
	if (op->kind != OPERATION_CHECK) {
		report_begin(x->report, node, operation_name(op->kind),
			     op->address);
		if (!op->token.n && changes(op))
			op->token = token_of(op, x->context, &op->arena);
		if (op->is_beside)
			op->name = call_name_beside(x->context, op->address,
						    op->token, &op->arena);
	}
	if (has_effect(op) && !op->is_recovery)
		add_intent(x, op);
	op->next_unsent = NULL;
	*x->unsent_end = op;
	x->unsent_end = &op->next_unsent;
	x->n_unsent++;
}

static void submit(struct execute *x, struct operation *op)
{
	struct engine_call *e = make_call(x, op);

	workers_submit(x->workers, &e->work);
	x->n_calls++;
}

/* Gives up what was prepared but never begun. */
static void drop_unsent(struct execute *x)
{
	struct operation *op = x->unsent;

	x->unsent = NULL;
	x->unsent_end = &x->unsent;
	x->n_unsent = 0;
	while (op) {
		struct operation *next = op->next_unsent;

		report_end(x->report, op->node, &x->broken);
		fail_node(x, op->node, op, &x->broken);
		end_operation(x, op);
		op = next;
	}
}

/* One sync for all intents and ids that came together; then they may go. */
static void send(struct execute *x)
{
	struct operation *op;
	struct error err = { 0 };

	if (x->is_dirty && x->broken.kind == ERROR_NONE &&
	    journal_sync(x->journal, &err) < 0)
		journal_failed(x, &err);
	x->is_dirty = false;
	if (x->broken.kind != ERROR_NONE) {
		drop_unsent(x);
		return;
	}
	op = x->unsent;
	x->unsent = NULL;
	x->unsent_end = &x->unsent;
	x->n_unsent = 0;
	while (op) {
		struct operation *next = op->next_unsent;

		submit(x, op);
		op = next;
	}
}

static void operation_done(struct execute *x, struct operation *op,
			   struct engine_call *e)
{
	size_t node = op->node;

	if (!changes(op)) {
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

		state_put(x->state, &r);
		add_outcome(x, op, JOURNAL_DONE, &r, NULL);
		report_end(x->report, node, NULL);
	}
	end_operation(x, op);
	advance(x, node);
}

static void operation_failed(struct execute *x, struct operation *op,
			     struct engine_call *e, const struct error *err)
{
	if (op->kind == OPERATION_CREATE && op->id.n) {
		/* It is there, if not whole: the next plan replaces it. */
		struct state_resource r = resource_after(
		    x, op, e ? e->call.result : value_null(), &op->arena);

		r.is_tainted = true;
		state_put(x->state, &r);
		add_outcome(x, op, JOURNAL_DONE, &r, NULL);
	} else if (op->kind == OPERATION_CREATE && has_effect(op) &&
		   (op->is_unsure || err->kind == ERROR_TIMEOUT)) {
		/* Nobody knows whether it is there: the intent stays. */
		x->n_unknown++;
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

static void operation_pending(struct execute *x, struct operation *op,
			      struct engine_call *e)
{
	int64_t now = clock_ms();
	int poll_ms = e->call.poll_ms > 0 ? e->call.poll_ms : 1000;

	if (now - op->begun_ms > x->timeout_ms) {
		struct error err = { 0 };

		error_set(&err, ERROR_TIMEOUT,
			  "not done after %s: waiting for "
			  "%.*s",
			  report_time(now - op->begun_ms).text,
			  STR_ARG(e->call.waiting_for));
		operation_failed(x, op, e, &err);
		return;
	}
	op->is_poll = true;
	op->attempt = 0;
	report_waiting(x->report, op->node, e->call.waiting_for);
	schedule_wait(x->schedule, op->node, now + poll_ms);
}

static void operation_retry(struct execute *x, struct operation *op,
			    struct engine_call *e)
{
	int64_t now = clock_ms();
	int64_t delay = retry_delay(e->call.err.kind, op->attempt,
				    str_hash(op->address) + (uint64_t)now);

	if (delay < 0 || x->is_interrupted || x->broken.kind != ERROR_NONE ||
	    now + delay - op->begun_ms > x->timeout_ms) {
		struct error err = e->call.err;

		operation_failed(x, op, e, &err);
		return;
	}
	op->attempt++;
	op->is_unsure |= e->call.err.kind == ERROR_TIMEOUT;
	report_retry(x->report, op->node, &e->call.err, op->attempt, delay);
	schedule_wait(x->schedule, op->node, now + delay);
}

static void call_ended(struct execute *x, struct engine_call *e)
{
	struct operation *op = e->owner;

	x->n_calls--;
	if (learn(op, &e->call) && has_effect(op) && e->outcome != STEP_DONE)
		add_outcome(x, op, JOURNAL_ACCEPTED, NULL, NULL);
	switch (e->outcome) {
	case STEP_DONE:
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

static void begin_nodes(struct execute *x)
{
	int64_t now = clock_ms();
	size_t node;

	while (x->n_calls + x->n_unsent < (size_t)x->parallel &&
	       schedule_next(x->schedule, now, &node)) {
		struct operation *op = x->operations[node];

		if (!op) {
			advance(x, node);
			continue;
		}
		/* A wait is over. What it told is durable when this goes. */
		op->next_unsent = NULL;
		*x->unsent_end = op;
		x->unsent_end = &op->next_unsent;
		x->n_unsent++;
	}
}

/* The time that the loop may sleep: to the next poll or redraw. */
static int sleep_ms(struct execute *x)
{
	int timeout = report_tick(x->report);
	int64_t due;

	if (x->n_calls < (size_t)x->parallel &&
	    schedule_due(x->schedule, &due)) {
		int64_t left = due - clock_ms();

		if (left < 0)
			left = 0;
		if (timeout < 0 || left < timeout)
			timeout = (int)left;
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
		struct work *w;

		begin_nodes(x);
		send(x);
		if (!x->n_calls && schedule_is_over(x->schedule))
			break;
		w = workers_next(x->workers, x->n_unsent ? 0 : sleep_ms(x));
		look_for_signals(x);
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
	x->operations = xrealloc(NULL, n, sizeof(*x->operations));
	memset(x->operations, 0, n * sizeof(struct operation *));
	x->unsent = NULL;
	x->unsent_end = &x->unsent;
	loop(x);
	if (x->is_abandoned) {
		/* What runs cannot be waited for: the caller leaves at once. */
		return 0;
	}
	workers_close(x->workers);
	free(x->operations);
	close(x->signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return 0;
}
