/*
 * What people ask of a running task. Those that begin a load take the lease and
 * write an intent, as an apply does, and commit what the state knows of it;
 * they give the lease back before they wait for the load. Those that must work
 * while an apply waits for a load (stop, wait) or change no state (assess,
 * reload of single tables) do without.
 */
#include <config.h>

#include "lang/base/buf.h"
#include "lang/json.h"

#include "engine/attend.h"
#include "engine/calls.h"
#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/facts.h"
#include "engine/intent.h"
#include "engine/lines.h"
#include "engine/report.h"
#include "engine/runs.h"
#include "engine/schema.h"
#include "engine/setup.h"
#include "engine/store.h"
#include "engine/target.h"

enum { JUDGE_MS = 60 * 1000, EFFECTS_SHOWN = 50, LINE_BYTES = 4096 };

struct args {
	bool json, yes, wait;
	struct run_options run;
};

struct request {
	const char *name, *wait;
	bool is_leased; /* without operands behind the address */
	bool asks;	/* where it has effects */
};

struct job {
	struct context *context;
	const struct request *request;
	const struct args *args;
	struct target target;
	struct str address;
	struct value operands; /* list of texts */
};

/* -- which task -- */

/* The one that is named, or the only one. */
static int find_target(struct context *c, const struct option_list *operands,
		       struct target *out, struct error *err)
{
	struct state_resource **sorted;
	size_t n, n_found = 0;

	if (operands->n > 1) {
		if (target_find(c, str_from(operands->items[1]), out, err) < 0)
			return -1;
		if (out->type->ops->control)
			return 0;
		return error_set(err, ERROR_INVALID,
				 "%s \"%s\" is no replication task",
				 out->type->name, operands->items[1]);
	}
	sorted = state_sorted(&c->state, c->arena, &n);
	for (size_t i = 0; i < n; i++) {
		struct target t;
		struct error ignored;

		if (target_find(c, sorted[i]->address, &t, &ignored) < 0 ||
		    !t.type->ops->control)
			continue;
		*out = t;
		n_found++;
	}
	if (n_found == 1)
		return 0;
	if (!n_found)
		return error_set(err, ERROR_NOT_FOUND,
				 "the state has no replication task");
	error_set(err, ERROR_INVALID,
		  "the state has %zu replication tasks: which is meant?",
		  n_found);
	return error_hint(err, "\"dmsl task list %s\" lists them.", c->path);
}

static struct value texts(const struct option_list *operands, size_t from,
			  struct arena *a)
{
	size_t n = operands->n > from ? operands->n - from : 0;
	struct value *list = arena_new(a, struct value, n + 1);

	for (size_t i = 0; i < n; i++)
		list[i] = value_c(operands->items[from + i]);
	return value_list(list, n);
}

/* -- its calls -- */

static struct engine_call *call_of(const struct job *j, const char *what,
				   enum verb verb)
{
	const struct target *t = &j->target;
	struct engine_call *e = call_new(j->context, t->provider, t->type,
					 j->address, t->resource, CALL_CONTROL);

	e->call.config = value_copy(t->resource->attrs, &e->arena);
	e->call.control = str_from(what);
	e->call.operands = j->operands;
	e->call.verb = verb;
	return e;
}

static void show_effects(const struct job *j, const struct call *c)
{
	struct buf line;

	if (!c->effects.n || j->args->json)
		return;
	printf("%s %.*s:\n", j->request->name, STR_ARG(j->address));
	buf_init(&line, LINE_BYTES);
	for (size_t i = 0; i < c->effects.n && i < EFFECTS_SHOWN; i++) {
		buf_clear(&line);
		lines_safe(&line, c->effects.items[i].text, 0);
		printf("  ! %.*s\n", (int)line.len, line.data);
	}
	if (c->effects.n > EFFECTS_SHOWN)
		printf("  ! and %zu more\n", c->effects.n - EFFECTS_SHOWN);
	buf_release(&line);
	fflush(stdout);
}

/* Whether it can be done, and what it does; asks where that needs a yes. */
static int judge(const struct job *j, struct error *err)
{
	struct engine_call *e = call_of(j, j->request->name, VERB_READ);
	enum step outcome = call_run_now(e, JUDGE_MS);
	bool has_effects = e->call.effects.n > 0;

	*err = e->call.err;
	if (outcome == STEP_DONE)
		show_effects(j, &e->call);
	call_free(e);
	if (outcome != STEP_DONE)
		return -1;
	if (!has_effects || !j->request->asks)
		return 0;
	return run_confirm(j->context, "Do this?", err) ? 0 : -1;
}

static void carry(const struct job *j, const char *what, struct engine_call *e,
		  struct error *err)
{
	struct report r;

	report_open(&r, j->context, 1, 1);
	report_begin(&r, 0, what, j->address);
	if (attend(e, &r, 0) != STEP_DONE)
		*err = e->call.err;
	report_close(&r);
	if (err->kind == ERROR_INTERRUPTED)
		error_hint(err,
			   "What runs goes on. \"dmsl task wait %s '%.*s'\" "
			   "waits again, \"dmsl task stop\" stops it.",
			   j->context->path, STR_ARG(j->address));
}

/* -- what is kept of it -- */

/*
 * Computed attributes of the type go into the state; *rest: the other facts.
 */
static struct value keep(const struct job *j, struct value facts,
			 struct value attrs, struct value *rest)
{
	struct context *c = j->context;
	const struct type_schema *schema =
	    schema_find(c->schemas, j->target.resource->type);

	*rest = value_map(NULL, 0, c->arena);
	for (size_t i = 0; facts.kind == VALUE_MAP && i < facts.as.map.n; i++) {
		const struct value_entry *e = &facts.as.map.entries[i];
		const struct attr_schema *a =
		    schema ? schema_attr(schema, e->key) : NULL;
		struct value v = value_copy(e->value, c->arena);

		if (a && (a->flags & ATTR_COMPUTED))
			attrs = value_with(attrs, e->key, v, c->arena);
		else
			*rest = value_with(*rest, e->key, v, c->arena);
	}
	return attrs;
}

static int record(const struct job *j, struct intent *intent,
		  struct value *facts, struct error *err)
{
	struct context *c = j->context;
	struct state_resource now = *j->target.resource;

	now.attrs = keep(j, *facts, now.attrs, facts);
	return intent_done(
	    intent, &now,
	    str_fmt(c->arena, "Task %s %.*s\n\nDmsl-Version: %s\n",
		    j->request->name, STR_ARG(j->address), PACKAGE_VERSION),
	    err);
}

static void show_result(const struct job *j, struct value facts)
{
	struct context *c = j->context;
	struct value_entry entries[] = {
		{ STR("address"), value_str(j->address) },
		{ STR("result"), facts },
		{ STR("type"), value_c("result") },
	};
	struct buf line;

	if (!j->args->json) {
		facts_print(facts, c->arena);
		return;
	}
	buf_init(&line, 1 << 26);
	json_write(&line, value_map(entries, 3, c->arena), 0);
	printf("%.*s\n", (int)line.len, line.data);
	buf_release(&line);
}

/* -- the command -- */

/* One of its parts, and what it tells. */
static int do_part(const struct job *j, const char *what, struct error *err)
{
	struct engine_call *e = call_of(j, what, VERB_RUN);
	bool has_intent = j->context->has_lease;
	struct value facts;
	struct intent intent;
	int result = -1;

	if (has_intent &&
	    intent_begin(&intent, j->context, e, &j->target, err) < 0) {
		call_free(e);
		return -1;
	}
	carry(j, what, e, err);
	facts = e->call.result;
	if (e->outcome != STEP_DONE) {
		if (has_intent)
			intent_failed(&intent, err);
	} else if (!has_intent || record(j, &intent, &facts, err) == 0) {
		show_result(j, facts);
		result = 0;
	}
	if (result == 0 && e->call.is_broken)
		result = error_set(err, ERROR_FAILED, "%.*s",
				   STR_ARG(e->call.status));
	call_free(e);
	return result;
}

static int do_request(struct job *j, struct expansion *e,
		      const struct option_list *operands, struct error *err)
{
	struct context *c = j->context;

	if (c->has_lease && run_recover(c, e, false, err) < 0)
		return -1;
	if (find_target(c, operands, &j->target, err) < 0)
		return -1;
	j->address = str_dup(j->target.resource->address, c->arena);
	j->operands = texts(operands, 2, c->arena);
	if (judge(j, err) < 0 || do_part(j, j->request->name, err) < 0)
		return -1;
	if (!j->args->wait || !j->request->wait)
		return 0;
	/* Others may go on meanwhile. */
	if (c->has_lease && store_unlease(c->store, err) < 0)
		return -1;
	c->has_lease = false;
	j->target.resource = state_find(&c->state, j->address);
	return do_part(j, j->request->wait, err);
}

static int run(struct context *c, struct args *args,
	       const struct option_list *operands,
	       const struct request *request)
{
	struct job j = { .context = c, .request = request, .args = args };
	bool is_leased = request->is_leased && operands->n <= 2;
	struct error err = { 0 };
	struct expansion *e;
	int status;

	c->is_json = c->is_events = args->json;
	c->assume_yes = args->yes;
	status = run_take(c, &args->run, false);
	if (status != STATUS_DONE)
		return status;
	e = setup_stack(c, operands->items[0],
			is_leased ? ACCESS_WRITE : ACCESS_READ, &err);
	if (!e) {
		status = setup_fail(c, &err);
	} else if (do_request(&j, e, operands, &err) < 0) {
		if (j.address.n && err.kind != ERROR_INTERRUPTED)
			error_add(&err, "task %s", request->name);
		status = setup_fail(c, &err);
	}
	setup_close(c, e);
	return status;
}

#define OPTIONS_ASKED                                                          \
	OPTION(struct args, yes, "yes", NULL, "do not ask"),                   \
	    OPTION(struct args, wait, "wait", NULL,                            \
		   "wait for the load, as task wait does")
#define OPTIONS_ALL                                                            \
	RUN_OPTIONS_PARAMS(struct args, run),                                  \
	    OPTION(struct args, json, "json", NULL, "events as JSON lines"),   \
	    OPTION_END

static const struct option options_asked[] = { OPTIONS_ASKED, OPTIONS_ALL };
static const struct option options_plain[] = { OPTIONS_ALL };

static int run_start(struct context *c, void *args,
		     const struct option_list *operands)
{
	static const struct request r = { "start", "wait", true, true };

	return run(c, args, operands, &r);
}

const struct command cmd_task_start = {
	.name = "task start",
	.usage = "FILE [ADDRESS]",
	.summary = "start a task that was never started",
	.help = "Tests both connections, says what the load does, asks, "
		"starts it. The address\nmay be left out where the state has "
		"one task. Ctrl-C ends waiting, not the load.",
	.options = options_asked,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 2,
	.run = run_start,
};

static int run_resume(struct context *c, void *args,
		      const struct option_list *operands)
{
	static const struct request r = { "resume", "wait", true, true };

	return run(c, args, operands, &r);
}

const struct command cmd_task_resume = {
	.name = "task resume",
	.usage = "FILE [ADDRESS]",
	.summary = "go on with a task that stopped or failed",
	.help = "Loads the tables that are not loaded whole, and follows "
		"changes from where it\nstopped. A full load that has ended "
		"has nothing to go on with.",
	.options = options_asked,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 2,
	.run = run_resume,
};

static int run_reload(struct context *c, void *args,
		      const struct option_list *operands)
{
	static const struct request r = { "reload", "wait", true, true };

	return run(c, args, operands, &r);
}

const struct command cmd_task_reload = {
	.name = "task reload",
	.usage = "FILE [ADDRESS [SCHEMA.TABLE...]]",
	.summary = "load all tables anew, or some of a running task",
	.help = "Without tables the task must stand still, with tables it must "
		"run: so AWS DMS\nhas it. Tables go by their names at the "
		"source.",
	.options = options_asked,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = -1,
	.run = run_reload,
};

static int run_stop(struct context *c, void *args,
		    const struct option_list *operands)
{
	static const struct request r = { "stop", NULL, false, false };

	return run(c, args, operands, &r);
}

const struct command cmd_task_stop = {
	.name = "task stop",
	.usage = "FILE [ADDRESS]",
	.summary = "stop a task, and wait until it has",
	.help = "Also one that an apply waits for.",
	.options = options_plain,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 2,
	.run = run_stop,
};

static int run_wait(struct context *c, void *args,
		    const struct option_list *operands)
{
	static const struct request r = { "wait", NULL, false, false };

	return run(c, args, operands, &r);
}

const struct command cmd_task_wait = {
	.name = "task wait",
	.usage = "FILE [ADDRESS]",
	.summary = "wait for the load of a task, and say how it ended",
	.help =
	    "Shows how far it is. Fails when a table was not loaded, or the "
	    "task failed or\nwas stopped. Ctrl-C ends waiting, not the "
	    "load.",
	.options = options_plain,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 2,
	.run = run_wait,
};

static int run_assess(struct context *c, void *args,
		      const struct option_list *operands)
{
	static const struct request r = { "assess", NULL, false, false };

	return run(c, args, operands, &r);
}

const struct command cmd_task_assess = {
	.name = "task assess",
	.usage = "FILE [ADDRESS]",
	.summary = "make a premigration assessment of a task",
	.help = "Of AWS DMS alone. The worst results come first; the task "
		"stands still meanwhile.",
	.options = options_plain,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 2,
	.run = run_assess,
};
