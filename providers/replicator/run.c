#include <config.h>

#include "providers/replicator/run.h"

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/replicator/load.h"
#include "providers/replicator/progress.h"
#include "providers/replicator/server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { END_MS = 6000, TICK_MS = 20 };

struct run {
	struct run *next;
	struct server *server;
	struct arena mem; /* arn and path */
	struct str arn;
	char *path;   /* of the progress */
	char *ledger; /* of the ledger */
	struct progress progress;
	enum run_start how;
	atomic_bool is_stopping;
	/* The thread is there, or has ended and waits to be joined. */
	bool has_thread;
	atomic_bool is_running;
	pthread_t thread;
};

struct runs {
	struct server *server;
	struct run *first; /* guarded by the lock of the book */
	atomic_bool is_ending;
};

struct runs *runs_open(struct server *s)
{
	struct runs *r = xmalloc(sizeof(*r));

	memset(r, 0, sizeof(*r));
	r->server = s;
	return r;
}

static struct run *find_run(struct runs *r, struct str arn)
{
	struct run *run = r->first;

	while (run && !str_eq(run->arn, arn))
		run = run->next;
	return run;
}

static struct run *need_run(struct runs *r, struct str arn)
{
	struct run *run = find_run(r, arn);
	struct str id = str_skip(arn, (size_t)(str_rfind(arn, ':') + 1));

	if (run)
		return run;
	run = xmalloc(sizeof(*run));
	memset(run, 0, sizeof(*run));
	run->server = r->server;
	run->arn = str_dup(arn, &run->mem);
	run->path =
	    str_c(str_fmt(&run->mem, "%.*s/tasks/%.*s.json",
			  STR_ARG(r->server->config.folder), STR_ARG(id)),
		  &run->mem);
	run->ledger =
	    str_c(str_fmt(&run->mem, "%.*s/tasks/%.*s.ledger",
			  STR_ARG(r->server->config.folder), STR_ARG(id)),
		  &run->mem);
	progress_open(&run->progress, run->path);
	run->next = r->first;
	r->first = run;
	return run;
}

struct progress *run_progress(struct runs *r, struct str arn)
{
	struct run *run = find_run(r, arn);

	return run ? &run->progress : NULL;
}

/* --- the end of a run --- */

static const char *const reasons[] = {
	[LOAD_DONE] = "Stop Reason FULL_LOAD_ONLY_FINISHED",
	[LOAD_STOPPED] = "Stop Reason NORMAL",
	[LOAD_FATAL] = "Stop Reason FATAL_ERROR Error Level FATAL",
	[LOAD_LOST] = "Stop Reason RECOVERABLE_ERROR Error Level RECOVERABLE",
};

static void write_end(struct run *run, struct item *task, enum load_end end,
		      const char *message)
{
	bool is_failed = end == LOAD_FATAL || end == LOAD_LOST;
	struct arena a = { 0 };
	struct str reason = str_from(reasons[end]);

	if (is_failed)
		reason =
		    str_fmt(&a, "Last Error  %s %s", message, reasons[end]);
	item_set(task, "StopReason", value_str(reason));
	if (is_failed)
		item_set(task, "LastFailureMessage", value_str(reason));
	else if (message[0])
		item_set(task, "LastFailureMessage",
			 value_str(str_fmt(&a, "Last Error  %s", message)));
	item_set(task, "Status", value_c(is_failed ? "failed" : "stopped"));
	arena_release(&a);
	server_log(run->server, "task %.*s: %s%s%s",
		   STR_ARG(value_text(task->v, "ReplicationTaskIdentifier")),
		   reasons[end], message[0] ? ": " : "", message);
}

/*
 * When the server ends, the book keeps "running": the next server finds it
 * there and offers to resume.
 */
static void note_end(struct run *run, enum load_end end, const char *message)
{
	struct server *s = run->server;
	struct error err = { 0 };
	struct item *task;

	pthread_mutex_lock(&run->progress.lock);
	run->progress.stop_ms = server_time_ms();
	if (end == LOAD_DONE)
		run->progress.load_end_ms = run->progress.stop_ms;
	run->progress.has_changes = true;
	pthread_mutex_unlock(&run->progress.lock);
	progress_cut(&run->progress);
	if (progress_save(&run->progress, run->path, &err) < 0)
		server_log(s, "could not save statistics: %s", err.message);
	book_lock(&s->book);
	task = book_find(&s->book, BOOK_TASK, "ReplicationTaskArn", run->arn);
	if (task && !atomic_load(&s->runs->is_ending)) {
		write_end(run, task, end, message);
		if (book_save(&s->book, &err) < 0)
			server_log(s, "could not save the state: %s",
				   err.message);
	}
	atomic_store(&run->is_running, false);
	book_unlock(&s->book);
}

/* --- a run --- */

static bool stops_on_error(struct str settings)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	const struct value *group = NULL;
	struct value v;
	bool stops = false;

	if (json_read(settings, &a, &v, &err) == 0)
		group = value_get(v, "ErrorBehavior");
	if (group)
		stops =
		    str_is(value_text(*group, "TableErrorPolicy"), "STOP_TASK");
	arena_release(&a);
	return stops;
}

/* Copies what the task says out of the book. */
static int read_task(struct run *run, struct load *load, struct error *err)
{
	struct server *s = run->server;
	struct item *task, *source, *target;
	struct str settings;
	int rc = -1;

	book_lock(&s->book);
	task = book_find(&s->book, BOOK_TASK, "ReplicationTaskArn", run->arn);
	source = task ? book_find(&s->book, BOOK_ENDPOINT, "EndpointArn",
				  value_text(task->v, "SourceEndpointArn"))
		      : NULL;
	target = task ? book_find(&s->book, BOOK_ENDPOINT, "EndpointArn",
				  value_text(task->v, "TargetEndpointArn"))
		      : NULL;
	if (!source || !target) {
		book_unlock(&s->book);
		return error_set(err, ERROR_NOT_FOUND,
				 "the task or one of its endpoints is gone");
	}
	load->source = value_copy(source->v, &load->mem);
	load->target = value_copy(target->v, &load->mem);
	settings =
	    str_dup(value_text(task->v, "ReplicationTaskSettings"), &load->mem);
	rc = mapping_read(
	    str_dup(value_text(task->v, "TableMappings"), &load->mem),
	    &load->mem, &load->mapping, err);
	book_unlock(&s->book);
	if (rc == 0)
		rc = settings_read(settings, &load->mem, &load->settings, err);
	load->stops_on_error = stops_on_error(settings);
	return rc;
}

/* false: the task was asked to stop, or the server ends. */
static bool note_running(struct run *run)
{
	struct server *s = run->server;
	struct error err = { 0 };
	struct item *task;

	book_lock(&s->book);
	task = book_find(&s->book, BOOK_TASK, "ReplicationTaskArn", run->arn);
	if (task && str_is(value_text(task->v, "Status"), "starting"))
		item_set(task, "Status", value_c("running"));
	if (book_save(&s->book, &err) < 0)
		server_log(s, "could not save the state: %s", err.message);
	book_unlock(&s->book);
	pthread_mutex_lock(&run->progress.lock);
	run->progress.load_start_ms = server_time_ms();
	run->progress.has_changes = true;
	pthread_mutex_unlock(&run->progress.lock);
	return !atomic_load(&run->is_stopping);
}

static const char no_tables[] =
    "No tables were found at task initialization. Either the selected "
    "table(s) or schemas(s) no longer exist or no match was found for the "
    "table selection pattern(s). If you would like to start a Task that "
    "does not initially capture any tables, set Task Setting "
    "FailOnNoTablesCaptured to false and restart task.";

static enum load_end run_load(struct run *run, struct load *load,
			      struct error *err)
{
	if (read_task(run, load, err) < 0)
		return LOAD_FATAL;
	if (load_open(load, err) < 0)
		return err->kind == ERROR_UNAVAILABLE ||
			       err->kind == ERROR_TIMEOUT
			   ? LOAD_LOST
			   : LOAD_FATAL;
	if (load_n_tables(load) == 0 && load->settings.fail_on_no_tables) {
		error_set(err, ERROR_NOT_FOUND, "%s", no_tables);
		return LOAD_FATAL;
	}
	if (!note_running(run))
		return LOAD_STOPPED;
	return load_run(load, err);
}

static void *run_main(void *arg)
{
	struct run *run = arg;
	struct error err = { 0 };
	struct load load = {
		.server = run->server,
		.is_resume = run->how == RUN_RESUME,
		.progress = &run->progress,
		.progress_path = run->path,
		.ledger_path = run->ledger,
		.is_stopping = &run->is_stopping,
	};
	enum load_end end = run_load(run, &load, &err);
	const char *message = err.message;

	if (end == LOAD_DONE || end == LOAD_STOPPED)
		message = load.table_error;
	note_end(run, end, message);
	load_close(&load);
	return NULL;
}

int run_start(struct runs *r, struct str arn, enum run_start how,
	      struct error *err)
{
	struct run *run = need_run(r, arn);
	struct progress *p = &run->progress;

	if (run->has_thread) {
		/* It has noted its end under the book's lock, which we hold. */
		pthread_join(run->thread, NULL);
		run->has_thread = false;
	}
	run->how = how;
	atomic_store(&run->is_stopping, false);
	atomic_store(&run->is_running, true);
	pthread_mutex_lock(&p->lock);
	p->start_ms = server_time_ms();
	p->stop_ms = 0;
	p->load_start_ms = 0;
	p->load_end_ms = 0;
	if (how != RUN_RESUME) {
		p->fresh_start_ms = p->start_ms;
		/* What former runs committed does not count for this one. */
		unlink(run->ledger);
	}
	for (size_t i = 0; how != RUN_RESUME && i < p->n; i++) {
		p->tables[i].state = TABLE_BEFORE_LOAD;
		p->tables[i].rows = 0;
	}
	p->has_changes = true;
	pthread_mutex_unlock(&p->lock);
	if (pthread_create(&run->thread, NULL, run_main, run) != 0) {
		atomic_store(&run->is_running, false);
		return error_set(err, ERROR_QUOTA, "could not start a thread");
	}
	run->has_thread = true;
	return 0;
}

void run_stop(struct runs *r, struct str arn)
{
	struct run *run = find_run(r, arn);

	if (run)
		atomic_store(&run->is_stopping, true);
}

static void free_run(struct run *run)
{
	if (run->has_thread)
		pthread_join(run->thread, NULL);
	progress_close(&run->progress);
	arena_release(&run->mem);
	free(run);
}

void run_forget(struct runs *r, struct str arn)
{
	struct run **at = &r->first;
	struct run *run;

	while (*at && !str_eq((*at)->arn, arn))
		at = &(*at)->next;
	run = *at;
	if (!run)
		return;
	*at = run->next;
	unlink(run->path);
	unlink(run->ledger);
	free_run(run);
}

static void recover_task(struct runs *r, struct item *task)
{
	struct str status = value_text(task->v, "Status");
	bool was_stopping = str_is(status, "stopping");
	struct run *run;
	struct error err = { 0 };

	if (!value_true(task->v, "_has_run"))
		return;
	run = need_run(r, value_text(task->v, "ReplicationTaskArn"));
	if (!was_stopping && !str_is(status, "running") &&
	    !str_is(status, "starting"))
		return;
	progress_cut(&run->progress);
	run->progress.stop_ms = server_time_ms();
	run->progress.has_changes = true;
	if (progress_save(&run->progress, run->path, &err) < 0)
		server_log(r->server, "could not save statistics: %s",
			   err.message);
	if (was_stopping)
		write_end(run, task, LOAD_STOPPED, "");
	else
		write_end(run, task, LOAD_LOST,
			  "The replication server ended while the task ran; "
			  "resume it.");
}

/* A test that nobody waits for any more. */
static void recover_connection(struct item *connection)
{
	if (!str_is(value_text(connection->v, "Status"), "testing"))
		return;
	item_set(connection, "LastFailureMessage",
		 value_c("Test Endpoint failed: the replication server ended "
			 "during the test; test again."));
	item_set(connection, "Status", value_c("failed"));
}

void runs_recover(struct runs *r)
{
	struct book *b = &r->server->book;
	struct error err = { 0 };

	book_lock(b);
	for (struct item *i = b->first[BOOK_TASK]; i; i = i->next)
		recover_task(r, i);
	for (struct item *i = b->first[BOOK_CONNECTION]; i; i = i->next)
		recover_connection(i);
	if (book_save(b, &err) < 0)
		server_log(r->server, "could not save the state: %s",
			   err.message);
	book_unlock(b);
}

static bool has_running(struct runs *r)
{
	struct book *b = &r->server->book;
	bool is_there = false;

	book_lock(b);
	for (struct run *run = r->first; run; run = run->next)
		is_there = is_there || atomic_load(&run->is_running);
	book_unlock(b);
	return is_there;
}

void runs_end(struct runs *r)
{
	struct book *b = &r->server->book;
	int64_t end = clock_ms() + END_MS;

	atomic_store(&r->is_ending, true);
	book_lock(b);
	for (struct run *run = r->first; run; run = run->next)
		atomic_store(&run->is_stopping, true);
	book_unlock(b);
	while (has_running(r) && clock_ms() < end)
		clock_sleep_ms(TICK_MS);
}

void runs_close(struct runs *r)
{
	while (r->first) {
		struct run *run = r->first;

		r->first = run->next;
		free_run(run);
	}
	free(r);
}
