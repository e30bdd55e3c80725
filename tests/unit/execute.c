/*
 * Operations carried out against a scripted type: each call takes the next
 * letter of what is written for its object. What must hold afterwards is looked
 * up in state and journal.
 *
 *	d	done			p, P	pending (P: tells the id)
 *	t	no answer		u	cannot be reached
 *	x	throttled		i	refused
 *	n	denied			s	SIGINT to ourselves, then
 *pending b	SIGINT, then does not come back l	pending, and from now on
 *no file may grow a	pending until all have begun
 *
 * The last letter stays.
 */
#include <config.h>

#include "engine/context.h"
#include "engine/execute.h"
#include "engine/journal.h"
#include "engine/provider.h"
#include "engine/report.h"
#include "engine/schedule.h"
#include "engine/state.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include "tests/support/scratch.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST = 300, POLL_MS = 20, HALF_HOUR = 30 * 60 * 1000 };

static char folder[SCRATCH_MAX];

/* -- The scripted type ----------------------------------------------------- */

struct thing {
	const char *steps;
	enum operation_kind kind;
	const struct resource_type *type;
	bool is_recovery;
	int64_t timeout_ms;
	/* What is seen. */
	char address[32], token[65];
	int calls;
	bool was_told_to_look; /* call.is_recovery */
	int64_t left_ms;       /* of the first call */
	bool is_begun, has_ended, has_failed;
	struct error why;
};

static struct {
	pthread_mutex_t lock;
	struct thing things[MOST];
	size_t n, n_called;
	int batches, largest;
} world = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct thing *thing_of(const struct call *c)
{
	return &world.things[strtoul(c->address.s + strlen("thing.t"), NULL,
				     10)];
}

/* As a disk that is full from here on. */
static void fill_disk(void)
{
	struct rlimit limit;
	struct stat st;
	char path[100];

	snprintf(path, sizeof(path), "%s/journal", folder);
	assert_int_equal(stat(path, &st), 0);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = (rlim_t)st.st_size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static enum step take_step(struct call *c, char letter)
{
	switch (letter) {
	case 'd':
		c->id = c->id.n ? c->id : STR("made");
		return STEP_DONE;
	case 't':
		return call_fail(c, ERROR_TIMEOUT, "no answer");
	case 'u':
		return call_fail(c, ERROR_UNAVAILABLE, "out of reach");
	case 'x':
		return call_fail(c, ERROR_THROTTLED, "too fast");
	case 'i':
		return call_fail(c, ERROR_INVALID, "not like this");
	case 'n':
		return call_fail(c, ERROR_DENIED, "who are you");
	case 's':
	case 'b':
		kill(getpid(), SIGINT);
		if (letter == 's')
			break;
		pthread_mutex_unlock(&world.lock);
		for (;;)
			pause();
	case 'l':
		fill_disk();
		c->id = STR("made");
		break;
	case 'P':
		c->id = STR("made");
		break;
	case 'N':
		call_notice(c, "%.*s stays for a week", STR_ARG(c->address));
		break;
	case 'a':
		if (world.n_called < world.n)
			break;
		return take_step(c, 'd');
	default:
		break;
	}
	return call_wait(c, POLL_MS, "the end of %c", letter);
}

static enum step answer(struct call *c)
{
	struct thing *t = thing_of(c);
	size_t at = (size_t)t->calls++, last = strlen(t->steps) - 1;

	world.n_called += at == 0;
	if (at == 0)
		t->left_ms = c->left_ms;
	t->was_told_to_look |= c->is_recovery;
	/* However often it is repeated, it is the same intent. */
	if (at == 0)
		snprintf(t->token, sizeof(t->token), "%.*s", STR_ARG(c->token));
	else if (!str_is(c->token, t->token))
		BUG("another token for %s", t->address);
	return take_step(c, t->steps[at < last ? at : last]);
}

static enum step call_one(struct call *c)
{
	enum step step;

	pthread_mutex_lock(&world.lock);
	step = answer(c);
	pthread_mutex_unlock(&world.lock);
	return step;
}

/* Nothing is done before all are asked for at once. */
static void poll_all(struct call *const *calls, enum step *outcomes, size_t n)
{
	pthread_mutex_lock(&world.lock);
	world.batches++;
	if ((int)n > world.largest)
		world.largest = (int)n;
	for (size_t i = 0; i < n; i++) {
		struct thing *t = thing_of(calls[i]);

		if (!calls[i]->is_poll || calls[i]->verb != VERB_CREATE)
			BUG("%s is no poll of a create", t->address);
		outcomes[i] =
		    n == world.n ? take_step(calls[i], 'd') : answer(calls[i]);
	}
	pthread_mutex_unlock(&world.lock);
}

static const struct attr_schema attrs[] = {
	{ "size", "number", ATTR_OPTIONAL, NULL, "" },
	{ 0 },
};
static const struct type_schema schema = { .name = "thing", .attrs = attrs };
static const struct resource_ops plain_ops = {
	.read = call_one,
	.create = call_one,
	.update = call_one,
	.destroy = call_one,
	.run = call_one,
	.control = call_one,
	.recovery = 'T',
};
static const struct resource_ops batch_ops = {
	.read = call_one,
	.create = call_one,
	.update = call_one,
	.destroy = call_one,
	.poll_batch = poll_all,
	.recovery = 'T',
};
static const struct resource_type plain = { .name = "thing",
					    .ops = &plain_ops };
static const struct resource_type batched = { .name = "thing",
					      .ops = &batch_ops };
static const struct provider provider = { .name = "scripted" };

/* -- A run ----------------------------------------------------------------- */

struct run {
	struct arena arena;
	struct open_provider open;
	struct context context;
	struct state state;
	struct schedule schedule;
	struct report report;
	struct journal *journal;
	struct execute x;
	struct journal_replay replay; /* what the journal says afterwards */
};

static struct state_resource resource_of(const struct thing *t, struct arena *a)
{
	return (struct state_resource){
		.address = str_from(t->address),
		.type = STR("thing"),
		.provider = STR("scripted"),
		.id = STR("old"),
		.attrs = value_map(NULL, 0, a),
	};
}

static enum next next_operation(void *owner, size_t node, struct operation **op,
				struct error *err)
{
	struct run *r = owner;
	struct thing *t = &world.things[node];

	(void)err;
	if (t->is_begun) {
		t->has_ended = true;
		return NEXT_DONE;
	}
	t->is_begun = true;
	*op = operation_new(t->kind);
	(*op)->address = str_from(t->address);
	(*op)->schema = &schema;
	(*op)->type = t->type ? t->type : &plain;
	(*op)->config = value_map(NULL, 0, &(*op)->arena);
	(*op)->timeout_ms = t->timeout_ms;
	(*op)->is_recovery = t->is_recovery;
	if (t->is_recovery)
		(*op)->token = str_from(t->address);
	if (t->kind != OPERATION_CREATE) {
		(*op)->prior = state_find(&r->state, (*op)->address);
		(*op)->id = (*op)->prior->id;
	}
	return NEXT_OPERATION;
}

static void failed(void *owner, size_t node, const struct operation *op,
		   const struct error *err)
{
	(void)owner, (void)op;
	world.things[node].has_failed = true;
	world.things[node].why = *err;
}

static void begin_journal(struct run *r)
{
	struct journal_record begin = {
		.kind = JOURNAL_BEGIN,
		.run_id = STR("run"),
		.stack_uid = STR("0123456789abcdef"),
	};
	struct error err;

	assert_int_equal(journal_open(folder, NULL, NULL, &r->journal, &err),
			 0);
	assert_int_equal(journal_add(r->journal, &begin, &err), 0);
	for (size_t i = 0; i < world.n; i++) {
		struct thing *t = &world.things[i];
		struct journal_record intent = {
			.kind = JOURNAL_INTENT,
			.address = str_from(t->address),
			.action = str_from(operation_name(t->kind)),
			.token = str_from(t->address),
			.recovery = 'T',
		};

		if (t->is_recovery)
			assert_int_equal(journal_add(r->journal, &intent, &err),
					 0);
	}
	assert_int_equal(journal_sync(r->journal, &err), 0);
}

static void begin(struct run *r, int parallel)
{
	size_t ignored;

	world.n_called = 0;
	world.batches = world.largest = 0;
	*r = (struct run){ 0 };
	r->open.provider = &provider;
	state_init(&r->state, &r->arena);
	state_init(&r->context.state, &r->arena);
	r->context.open = &r->open;
	r->context.n_open = 1;
	r->context.run_id = STR("run");
	r->context.arena = &r->arena;
	for (size_t i = 0; i < world.n; i++) {
		struct thing *t = &world.things[i];
		struct state_resource old;

		snprintf(t->address, sizeof(t->address), "thing.t%zu", i);
		old = resource_of(t, &r->arena);
		if (t->kind != OPERATION_CREATE)
			state_put(&r->state, &old);
	}
	begin_journal(r);
	schedule_init(&r->schedule, world.n);
	assert_int_equal(schedule_begin(&r->schedule, &ignored), 0);
	report_open(&r->report, &r->context, world.n, world.n);
	r->report.out = fopen("/dev/null", "w");
	r->x = (struct execute){
		.context = &r->context,
		.schedule = &r->schedule,
		.state = &r->state,
		.journal = r->journal,
		.report = &r->report,
		.parallel = parallel,
		.timeout_ms = HALF_HOUR,
		.owner = r,
		.next = next_operation,
		.failed = failed,
	};
}

/* Runs it; the journal is read again, as the next run would. */
static void run(struct run *r)
{
	struct state ignored;
	struct error err;

	assert_int_equal(execute_run(&r->x, &err), 0);
	if (r->x.is_abandoned)
		return;
	journal_close(r->journal, false, &err);
	state_init(&ignored, &r->arena);
	assert_int_equal(
	    journal_load(folder, NULL, &ignored, &r->arena, &r->replay, &err),
	    0);
	state_release(&ignored);
}

static void end(struct run *r)
{
	FILE *out = r->report.out;
	char path[100];

	report_close(&r->report);
	fclose(out);
	schedule_release(&r->schedule);
	state_release(&r->state);
	state_release(&r->context.state);
	arena_release(&r->arena);
	snprintf(path, sizeof(path), "%s/journal", folder);
	assert_int_equal(unlink(path), 0);
}

static bool is_open(const struct run *r, const struct thing *t)
{
	for (size_t i = 0; i < r->replay.n_open; i++)
		if (str_is(r->replay.open[i].address, t->address))
			return true;
	return false;
}

static void set_things(const struct thing *things, size_t n)
{
	memcpy(world.things, things, n * sizeof(*things));
	world.n = n;
}

static void same_things(struct thing t, size_t n)
{
	world.n = n;
	for (size_t i = 0; i < n; i++)
		world.things[i] = t;
}

/* -- What must hold -------------------------------------------------------- */

static void waits_hold_no_worker(void **state)
{
	struct run r;

	(void)state;
	/* Each waits for all others to begin, with room for one call. */
	same_things((struct thing){ .steps = "pa", .kind = OPERATION_CREATE },
		    40);
	begin(&r, 1);
	run(&r);
	for (size_t i = 0; i < world.n; i++)
		assert_true(world.things[i].has_ended);
	assert_int_equal(r.replay.n_open, 0);
	end(&r);
}

static void notices_are_told_of_what_was_done(void **state)
{
	static const struct thing things[] = {
		{ .steps = "Npd", .kind = OPERATION_DELETE },
		{ .steps = "NNNd", .kind = OPERATION_DELETE },
		{ .steps = "Ni", .kind = OPERATION_DELETE },
	};
	struct run r;

	(void)state;
	set_things(things, 3);
	begin(&r, 3);
	run(&r);
	/* Each once, and none of what failed. */
	assert_non_null(r.report.notices);
	assert_non_null(strstr(r.report.notices->data,
			       "Note: thing.t0: thing.t0 stays for a week.\n"));
	assert_non_null(strstr(r.report.notices->data, "t1 stays"));
	assert_null(
	    strstr(strstr(r.report.notices->data, "t1 stays") + 1, "t1 stays"));
	assert_null(strstr(r.report.notices->data, "t2"));
	end(&r);
}

static void polls_of_one_type_are_one_call(void **state)
{
	struct run r;

	(void)state;
	/* They only end when all are asked for in one call. */
	same_things((struct thing){ .steps = "P",
				    .kind = OPERATION_CREATE,
				    .type = &batched },
		    40);
	begin(&r, 4);
	run(&r);
	for (size_t i = 0; i < world.n; i++)
		assert_true(world.things[i].has_ended);
	assert_int_equal(world.largest, 40);
	assert_int_equal(state_count(&r.state), 40);
	end(&r);
}

enum kept { IS_NONE, IS_KEPT, IS_THERE, IS_TAINTED };

static const struct outcome {
	struct thing thing;
	bool ends, is_open;
	enum kept kept;
} outcomes[] = {
	/* Done at last, whatever came before. */
	{ { .steps = "d", .kind = OPERATION_CREATE }, true, false, IS_THERE },
	{ { .steps = "tud", .kind = OPERATION_CREATE }, true, false, IS_THERE },
	{ { .steps = "xd", .kind = OPERATION_CREATE }, true, false, IS_THERE },
	{ { .steps = "Pud", .kind = OPERATION_CREATE }, true, false, IS_THERE },
	{ { .steps = "d", .kind = OPERATION_DELETE }, true, false, IS_NONE },
	{ { .steps = "td", .kind = OPERATION_RUN }, true, false, IS_KEPT },
	/* Refused: nothing was done, and that is known. */
	{ { .steps = "i", .kind = OPERATION_CREATE }, false, false, IS_NONE },
	{ { .steps = "ui", .kind = OPERATION_CREATE }, false, false, IS_NONE },
	{ { .steps = "n", .kind = OPERATION_CREATE }, false, false, IS_NONE },
	{ { .steps = "i", .kind = OPERATION_UPDATE }, false, false, IS_KEPT },
	{ { .steps = "i", .kind = OPERATION_RUN }, false, false, IS_KEPT },
	/* One attempt had no answer: a later refusal does not undo it. */
	{ { .steps = "ti", .kind = OPERATION_CREATE }, false, true, IS_NONE },
	{ { .steps = "tn", .kind = OPERATION_CREATE }, false, true, IS_NONE },
	{ { .steps = "ti", .kind = OPERATION_UPDATE }, false, true, IS_KEPT },
	{ { .steps = "ti", .kind = OPERATION_RUN }, false, true, IS_KEPT },
	/* A refresh sees what became of a delete. */
	{ { .steps = "ti", .kind = OPERATION_DELETE }, false, false, IS_KEPT },
	/* It is there, if not whole. */
	{ { .steps = "Pi", .kind = OPERATION_CREATE },
	  false,
	  false,
	  IS_TAINTED },
	{ { .steps = "Pti", .kind = OPERATION_CREATE },
	  false,
	  false,
	  IS_TAINTED },
	/* There, and nobody could tell how it is: the next run goes on. */
	{ { .steps = "Pn", .kind = OPERATION_CREATE }, false, true, IS_NONE },
	{ { .steps = "Pn", .kind = OPERATION_RUN }, false, true, IS_KEPT },
	{ { .steps = "Pn", .kind = OPERATION_UPDATE }, false, true, IS_KEPT },
	{ { .steps = "Pn", .kind = OPERATION_DELETE }, false, false, IS_KEPT },
	{ { .steps = "Pn", .kind = OPERATION_CREATE, .is_recovery = true },
	  false,
	  false,
	  IS_TAINTED },
	{ { .steps = "Pn", .kind = OPERATION_RUN, .is_recovery = true },
	  false,
	  false,
	  IS_KEPT },
	/* Repeated by the next run: only an answer ends a create. */
	{ { .steps = "d", .kind = OPERATION_CREATE, .is_recovery = true },
	  true,
	  false,
	  IS_THERE },
	{ { .steps = "i", .kind = OPERATION_CREATE, .is_recovery = true },
	  false,
	  false,
	  IS_NONE },
	{ { .steps = "n", .kind = OPERATION_CREATE, .is_recovery = true },
	  false,
	  true,
	  IS_NONE },
	{ { .steps = "u", .kind = OPERATION_CREATE, .is_recovery = true },
	  false,
	  true,
	  IS_NONE },
	{ { .steps = "t", .kind = OPERATION_CREATE, .is_recovery = true },
	  false,
	  true,
	  IS_NONE },
	{ { .steps = "x",
	    .kind = OPERATION_UPDATE,
	    .is_recovery = true,
	    .timeout_ms = 50 },
	  false,
	  false,
	  IS_KEPT },
	{ { .steps = "n", .kind = OPERATION_UPDATE, .is_recovery = true },
	  false,
	  false,
	  IS_KEPT },
	{ { .steps = "n", .kind = OPERATION_RUN, .is_recovery = true },
	  false,
	  false,
	  IS_KEPT },
	/* What people had asked for: only an answer ends it. */
	{ { .steps = "d", .kind = OPERATION_CONTROL, .is_recovery = true },
	  true,
	  false,
	  IS_KEPT },
	{ { .steps = "i", .kind = OPERATION_CONTROL, .is_recovery = true },
	  false,
	  false,
	  IS_KEPT },
	{ { .steps = "n", .kind = OPERATION_CONTROL, .is_recovery = true },
	  false,
	  true,
	  IS_KEPT },
	{ { .steps = "Pn", .kind = OPERATION_CONTROL, .is_recovery = true },
	  false,
	  true,
	  IS_KEPT },
};

static enum kept what_is_kept(const struct run *r, const struct thing *t)
{
	const struct state_resource *s =
	    state_find(&r->state, str_from(t->address));

	if (!s)
		return IS_NONE;
	if (s->is_tainted)
		return IS_TAINTED;
	return str_is(s->id, "old") ? IS_KEPT : IS_THERE;
}

static void what_became_of_it_is_known_or_stays_open(void **state)
{
	const size_t n = sizeof(outcomes) / sizeof(*outcomes);
	size_t n_open = 0;
	struct run r;

	(void)state;
	world.n = n;
	for (size_t i = 0; i < n; i++)
		world.things[i] = outcomes[i].thing;
	/* All at once: some have to wait for their last attempt. */
	setenv("DMSL_TEST_SPEED", "10", 1);
	begin(&r, (int)n);
	run(&r);
	unsetenv("DMSL_TEST_SPEED");
	for (size_t i = 0; i < n; i++) {
		const struct outcome *o = &outcomes[i];
		const struct thing *t = &world.things[i];
		bool had_no_answer = strchr(t->steps, 't') && t->calls > 1;

		if (t->has_ended != o->ends || t->has_failed == o->ends ||
		    is_open(&r, t) != o->is_open ||
		    what_is_kept(&r, t) != o->kept)
			fail_msg("%s of \"%s\"%s: ended %d, open %d, kept %d",
				 operation_name(t->kind), t->steps,
				 t->is_recovery ? ", repeated" : "",
				 t->has_ended, is_open(&r, t),
				 (int)what_is_kept(&r, t));
		if (t->was_told_to_look != (t->is_recovery || had_no_answer))
			fail_msg("%s of \"%s\" was%s told to look for what "
				 "an earlier attempt did",
				 operation_name(t->kind), t->steps,
				 t->was_told_to_look ? "" : " not");
		n_open += o->is_open;
	}
	assert_int_equal(r.x.n_unknown, n_open);
	end(&r);
}

static void a_step_has_a_time_of_its_own(void **state)
{
	const struct thing things[] = {
		{ .steps = "P", .kind = OPERATION_CREATE, .timeout_ms = 50 },
		{ .steps = "p", .kind = OPERATION_CREATE, .timeout_ms = 50 },
		{ .steps = "p", .kind = OPERATION_UPDATE, .timeout_ms = 50 },
		{ .steps = "u", .kind = OPERATION_UPDATE, .timeout_ms = 50 },
		{ .steps = "ppppppd", .kind = OPERATION_CREATE },
	};
	struct run r;

	(void)state;
	set_things(things, 5);
	begin(&r, 5);
	run(&r);
	for (size_t i = 0; i < 4; i++)
		assert_true(world.things[i].has_failed);
	assert_true(world.things[4].has_ended);
	/* A call that blocks can keep to it. */
	for (size_t i = 0; i < 4; i++)
		assert_in_range(world.things[i].left_ms, 1, 50);
	assert_int_equal(world.things[4].left_ms, 0);
	assert_int_equal(world.things[0].why.kind, ERROR_TIMEOUT);
	assert_non_null(
	    strstr(world.things[0].why.message, "waiting for the end of P"));
	assert_non_null(
	    strstr(world.things[0].why.hint, "timeouts { create = 2h }"));
	assert_non_null(
	    strstr(world.things[2].why.hint, "timeouts { update = 2h }"));
	assert_int_equal(what_is_kept(&r, &world.things[0]), IS_TAINTED);
	/* Made or not, nobody could find it by an id. */
	assert_true(is_open(&r, &world.things[1]));
	assert_int_equal(r.replay.n_open, 1);
	end(&r);
}

/* What is not said in its block is said by its type. */
static void a_slow_type_has_more_time(void **state)
{
	static const struct resource_type heavy = { .name = "thing",
						    .ops = &plain_ops,
						    .weight = 1 };
	static const struct resource_type slow = { .name = "thing",
						   .ops = &plain_ops,
						   .limit_s = 1 };
	const struct thing things[] = {
		{ .steps = "ppppppd", .kind = OPERATION_UPDATE },
		{ .steps = "ppppppd",
		  .kind = OPERATION_UPDATE,
		  .type = &heavy },
		{ .steps = "ppppppd", .kind = OPERATION_UPDATE, .type = &slow },
		{ .steps = "ppppppd",
		  .kind = OPERATION_UPDATE,
		  .type = &slow,
		  .timeout_ms = 50 },
	};
	struct run r;

	(void)state;
	set_things(things, 4);
	begin(&r, 4);
	r.x.timeout_ms = 50;
	run(&r);
	assert_true(world.things[0].has_failed);
	assert_true(world.things[1].has_ended);
	assert_true(world.things[2].has_ended);
	assert_true(world.things[3].has_failed);
	end(&r);
}

static void an_interrupt_ends_what_runs(void **state)
{
	const struct thing things[] = {
		{ .steps = "sppd", .kind = OPERATION_CREATE },
		{ .steps = "d", .kind = OPERATION_CREATE },
		{ .steps = "d", .kind = OPERATION_CREATE },
	};
	struct run r;

	(void)state;
	set_things(things, 3);
	begin(&r, 1);
	run(&r);
	assert_true(r.x.is_interrupted);
	assert_false(r.x.is_abandoned);
	assert_true(world.things[0].has_ended);
	assert_int_equal(world.things[1].calls + world.things[2].calls, 0);
	assert_int_equal(r.schedule.counts[SCHEDULE_READY], 2);
	assert_int_equal(r.replay.n_open, 0);
	assert_int_equal(state_count(&r.state), 1);
	end(&r);
}

/* In a child: the call that does not come back ends with the process. */
static void a_second_interrupt_stops_waiting(void **state)
{
	const struct thing things[] = { { .steps = "sb",
					  .kind = OPERATION_CREATE } };
	struct arena a = { 0 };
	struct journal_replay replay;
	struct state left;
	struct error err;
	char path[100];
	int status;
	pid_t pid;

	(void)state;
	set_things(things, 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct run r;

		begin(&r, 1);
		run(&r);
		_exit(r.x.is_interrupted && r.x.is_abandoned ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	state_init(&left, &a);
	assert_int_equal(journal_load(folder, NULL, &left, &a, &replay, &err),
			 0);
	assert_int_equal(replay.n_open, 1);
	state_release(&left);
	arena_release(&a);
	snprintf(path, sizeof(path), "%s/journal", folder);
	assert_int_equal(unlink(path), 0);
}

/*
 * The disk is full: nothing new is called, what was begun comes to its end, and
 * is known to the state.
 */
static void without_a_journal_nothing_is_begun(void **state)
{
	const struct thing things[] = {
		{ .steps = "lppd", .kind = OPERATION_CREATE },
		{ .steps = "d", .kind = OPERATION_CREATE },
		{ .steps = "d", .kind = OPERATION_CREATE },
	};
	struct rlimit before;
	struct run r;

	(void)state;
	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	set_things(things, 3);
	begin(&r, 1);
	run(&r);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_not_equal(r.x.broken.kind, ERROR_NONE);
	assert_non_null(strstr(r.x.broken.message, "File too large"));
	assert_non_null(strstr(r.x.broken.hint, "Make room"));
	assert_true(world.things[0].has_ended);
	assert_int_equal(world.things[1].calls + world.things[2].calls, 0);
	assert_int_equal(r.x.n_unknown, 0);
	assert_int_equal(state_count(&r.state), 1);
	/* Its end could not be written: should the commit fail as well. */
	assert_true(is_open(&r, &world.things[0]));
	end(&r);
}

static void attempts_are_bounded_and_spread(void **state)
{
	static const enum error_kind never[] = {
		ERROR_FAILED, ERROR_NOT_FOUND, ERROR_EXISTS,  ERROR_DENIED,
		ERROR_QUOTA,  ERROR_INVALID,   ERROR_CORRUPT, ERROR_INTERRUPTED,
	};
	static const enum error_kind again[] = { ERROR_THROTTLED,
						 ERROR_UNAVAILABLE,
						 ERROR_TIMEOUT,
						 ERROR_CONFLICT };

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		assert_int_equal(operation_retry_delay(never[i], true, 0, 0),
				 -1);
	for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++) {
		int64_t total = 0, last = 0, delay;
		int n = 0;

		while ((delay = operation_retry_delay(again[i], false, n, 0)) >=
		       0) {
			assert_true(delay >= last);
			assert_true(
			    operation_retry_delay(again[i], false, n, 12345) <=
			    delay + delay / 2);
			last = delay;
			total += delay;
			n++;
		}
		assert_true(n >= 3 && total <= 3 * 60 * 1000);
		/* A wait that goes on outside is worth more patience. */
		assert_true(operation_retry_delay(again[i], true, n, 0) >=
			    last);
		assert_int_equal(operation_retry_delay(again[i], true, 100, 0),
				 -1);
	}
	assert_true(operation_retry_delay(ERROR_THROTTLED, false, 0, 0) >
		    operation_retry_delay(ERROR_UNAVAILABLE, false, 0, 0));
}

static int make_folder(void **state)
{
	(void)state;
	return scratch_folder(folder, "execute") ? 0 : -1;
}

static int remove_folder(void **state)
{
	struct error err;

	(void)state;
	return file_remove_tree(folder, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_hold_no_worker),
		cmocka_unit_test(notices_are_told_of_what_was_done),
		cmocka_unit_test(polls_of_one_type_are_one_call),
		cmocka_unit_test(what_became_of_it_is_known_or_stays_open),
		cmocka_unit_test(a_step_has_a_time_of_its_own),
		cmocka_unit_test(a_slow_type_has_more_time),
		cmocka_unit_test(an_interrupt_ends_what_runs),
		cmocka_unit_test(a_second_interrupt_stops_waiting),
		cmocka_unit_test(without_a_journal_nothing_is_begun),
		cmocka_unit_test(attempts_are_bounded_and_spread),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
