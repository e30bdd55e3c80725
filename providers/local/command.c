#include <config.h>

#include "providers/local/command.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/json.h"
#include "providers/local/balancer.h"
#include "providers/local/database.h"
#include "providers/local/hosts.h"
#include "providers/local/ids.h"
#include "providers/local/model.h"
#include "providers/local/process.h"
#include "providers/local/stack.h"
#include "providers/local/types.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USAGE = 64, LINES_MAX = 100000, LINE_BYTES = 4096, START_MS = 60000 };

const char local_command_usage[] =
    "COMMAND FILE\n"
    "\n"
    "  status FILE [--json]       what runs, where, and whether it is up\n"
    "  start FILE                 start what is down\n"
    "  stop FILE                  stop servers and paths; the data stay\n"
    "  logs FILE [NAME] [-n N]    the last lines of a log; without NAME,\n"
    "                             which logs there are\n"
    "  env FILE                   exports for the AWS CLI, keys included";

struct row {
	struct str what, name, address, state;
	long pid;
};

struct rows {
	VEC(struct row) list;
};

static void add_row(struct rows *rows, struct row row)
{
	*vec_push(&rows->list) = row;
}

static int add_servers(struct local *l, const struct model *m, struct arena *a,
		       struct rows *rows)
{
	static const char *const states[] = {
		[SERVER_DOWN] = "stopped",
		[SERVER_STARTING] = "starting",
		[SERVER_STOPPING] = "stopping",
		[SERVER_READY] = "running",
	};

	for (size_t i = 0; i < m->n_reaches; i++) {
		const struct reach *r = &m->reaches[i];
		struct process p;
		struct server s;

		server_init(l, r->cluster, a, &s);
		add_row(
		    rows,
		    (struct row){
			.what = STR("postgresql"),
			.name = str_from(s.name),
			.address =
			    str_fmt(a, "%.*s:%d", STR_ARG(r->address), r->port),
			.pid = process_find(l, s.name, &p) ? (long)p.pid : 0,
			.state = str_from(states[server_look(l, &s)]),
		    });
	}
	return 0;
}

static void add_paths(struct local *l, const struct model *m, struct arena *a,
		      struct rows *rows)
{
	struct process p;
	bool is_running = process_find(l, "haproxy", &p);
	bool is_up = balancer_is_up(l);
	const char *state = is_up	 ? "running"
			    : is_running ? "changing"
					 : "stopped";

	if (!m->n_numbers && !m->n_routes && !is_running)
		return;
	add_row(rows, (struct row){
			  .what = STR("haproxy"),
			  .name = STR("haproxy"),
			  .pid = is_running ? (long)p.pid : 0,
			  .state = str_from(state),
		      });
	for (size_t i = 0; i < m->n_routes; i++) {
		const struct route *r = &m->routes[i];

		for (size_t k = 0; k < r->n_from; k++)
			add_row(rows,
				(struct row){
				    .what = str_starts(r->name, "endpoint")
						? STR("endpoint")
						: STR("listener"),
				    .name = r->dns_name,
				    .address =
					str_fmt(a, "%.*s:%d",
						STR_ARG(r->from[k]), r->port),
				    .state = str_from(state),
				});
	}
}

static int add_replicator(struct local *l, struct arena *a, struct rows *rows)
{
	struct aws_endpoint e;
	struct error none;
	struct process p;
	bool is_running = process_find(l, "replicator", &p);

	/* Only where there was one. */
	if (!is_running &&
	    access(stack_path(l, a, "replicator/state.json"), F_OK) < 0)
		return 0;
	if (hosts_look(l, a, &e, &none) < 0)
		e.url = (struct str){ 0 };
	add_row(rows, (struct row){
			  .what = STR("replicator"),
			  .name = STR("replicator"),
			  .address = e.url,
			  .pid = is_running ? (long)p.pid : 0,
			  .state = is_running ? STR("running") : STR("stopped"),
		      });
	return 0;
}

static int look(struct local *l, struct arena *a, struct rows *rows,
		struct error *err)
{
	struct model m;

	if (!l->folder || access(l->folder, F_OK) < 0)
		return 0;
	if (model_build(l, a, &m, err) < 0)
		return -1;
	add_servers(l, &m, a, rows);
	add_paths(l, &m, a, rows);
	return add_replicator(l, a, rows);
}

static void print_json(const struct rows *rows, struct arena *a)
{
	size_t n = rows->list.n;
	struct value *items = arena_new(a, struct value, n + 1);
	struct buf b;

	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows->list.items[i];

		items[i] = value_map(
		    (struct value_entry[]){
			{ STR("address"), value_str(r->address) },
			{ STR("name"), value_str(r->name) },
			{ STR("pid"),
			  r->pid ? value_int(r->pid) : value_null() },
			{ STR("state"), value_str(r->state) },
			{ STR("what"), value_str(r->what) },
		    },
		    5, a);
	}
	buf_init(&b, 64 << 20);
	json_write(&b, value_list(items, n), JSON_INDENT);
	puts(b.data);
	buf_release(&b);
}

static void print_table(const struct rows *rows)
{
	size_t name = 4, address = 7;

	for (size_t i = 0; i < rows->list.n; i++) {
		const struct row *r = &rows->list.items[i];

		name = r->name.n > name ? r->name.n : name;
		address = r->address.n > address ? r->address.n : address;
	}
	if (!rows->list.n) {
		puts("nothing of this stack is on this machine");
		return;
	}
	printf("%-10s  %-*s  %-*s  %7s  %s\n", "WHAT", (int)name, "NAME",
	       (int)address, "ADDRESS", "PID", "STATE");
	for (size_t i = 0; i < rows->list.n; i++) {
		const struct row *r = &rows->list.items[i];
		char pid[24] = "-";

		if (r->pid)
			snprintf(pid, sizeof(pid), "%ld", r->pid);
		printf("%-10.*s  %-*.*s  %-*.*s  %7s  %.*s\n", STR_ARG(r->what),
		       (int)name, STR_ARG(r->name), (int)address,
		       STR_ARG(r->address), pid, STR_ARG(r->state));
	}
}

static int status(struct local *l, int argc, char **argv, struct arena *a,
		  struct error *err)
{
	struct rows rows = { 0 };
	bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;
	int rc;

	if (argc > 1 && !is_json) {
		error_set(err, ERROR_INVALID, "status takes only --json");
		return USAGE;
	}
	rc = look(l, a, &rows, err);
	if (rc == 0 && is_json)
		print_json(&rows, a);
	else if (rc == 0)
		print_table(&rows);
	vec_release(&rows.list);
	return rc < 0 ? 1 : 0;
}

static int need_stack(const struct local *l, struct error *err)
{
	if (l->folder && access(l->folder, F_OK) == 0)
		return 0;
	error_set(err, ERROR_NOT_FOUND,
		  "nothing of this stack is on this machine");
	return error_hint(err, "dmsl apply makes it.");
}

/* Stops servers, paths and the replication server; their data stay. */
static int stop_all(struct local *l, struct error *err)
{
	struct arena a = { 0 };
	struct record *clusters;
	size_t n;
	int rc = 0;

	/*
	 * HAProxy last: while it runs, the networks' numbers are ours, and no
	 * other stack comes to the addresses of what is just ending.
	 */
	if (hosts_stop(l, err) < 0 ||
	    record_list(l, "db_cluster", &a, &clusters, &n, err) < 0)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct server s;

		server_init(l, clusters[i].id, &a, &s);
		rc = server_stop(l, &s, err);
	}
	if (rc == 0)
		rc = balancer_stop(l, err);
	arena_release(&a);
	return rc;
}

static int stop(struct local *l, int argc, char **argv, struct arena *a,
		struct error *err)
{
	(void)argc;
	(void)argv;
	(void)a;
	if (need_stack(l, err) < 0 || stop_all(l, err) < 0)
		return 1;
	return 0;
}

static int start_cluster(struct local *l, const struct record *cluster,
			 struct arena *a, struct error *err)
{
	int64_t end = clock_ms() + START_MS;
	bool may_start = true;
	int rc;

	while ((rc = database_serve(l, cluster, may_start, a, err)) == 0) {
		may_start = false;
		if (clock_ms() > end)
			return error_set(err, ERROR_TIMEOUT,
					 "PostgreSQL of cluster \"%.*s\" did "
					 "not become ready within %d s",
					 STR_ARG(cluster->id), START_MS / 1000);
	}
	return rc < 0 ? -1 : 0;
}

static int start(struct local *l, int argc, char **argv, struct arena *a,
		 struct error *err)
{
	struct record *clusters;
	size_t n;

	(void)argc;
	(void)argv;
	/* Numbers first: they say where all the others listen. */
	if (need_stack(l, err) < 0 || vpc_claim_all(l, a, err) < 0 ||
	    record_list(l, "db_cluster", a, &clusters, &n, err) < 0)
		return 1;
	for (size_t i = 0; i < n; i++)
		if (record_own(&clusters[i], "writer").n &&
		    start_cluster(l, &clusters[i], a, err) < 0)
			return 1;
	if (balancer_sync(l, err) < 0)
		return 1;
	if (access(stack_path(l, a, "replicator/state.json"), F_OK) == 0 &&
	    hosts_start(l, a, err) < 0)
		return 1;
	return 0;
}

/* The last n lines of a file: read from its end in blocks. */
static int print_tail(const char *path, long lines, struct error *err)
{
	FILE *f = fopen(path, "re");
	char block[LINE_BYTES];
	long at, seen = 0;
	size_t n;

	if (!f)
		return error_errno(err, "could not open \"%s\"", path);
	fseek(f, 0, SEEK_END);
	at = ftell(f);
	/* The newline at the very end ends the last line. */
	for (bool is_end = true; at > 0 && seen <= lines; is_end = false) {
		long from = at > LINE_BYTES ? at - LINE_BYTES : 0;
		long k = at - from;

		fseek(f, from, SEEK_SET);
		if (fread(block, 1, (size_t)k, f) != (size_t)k)
			break;
		if (is_end && block[k - 1] == '\n')
			k--;
		while (k > 0 && seen < lines)
			if (block[--k] == '\n')
				seen++;
		if (seen >= lines) {
			at = from + k + 1;
			break;
		}
		at = from;
	}
	fseek(f, at, SEEK_SET);
	while ((n = fread(block, 1, sizeof(block), f)))
		fwrite(block, 1, n, stdout);
	fclose(f);
	return 0;
}

static int list_logs(const struct local *l, struct arena *a, struct error *err)
{
	DIR *d = opendir(stack_path(l, a, "log"));
	struct dirent *entry;

	if (!d)
		return error_errno(err, "could not open the folder of logs");
	while ((entry = readdir(d))) {
		struct str name = str_from(entry->d_name);

		if (str_ends(name, ".log"))
			printf("%.*s\n", (int)name.n - 4, name.s);
	}
	closedir(d);
	return 0;
}

static bool is_log_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') &&
	       strlen(name) < 200;
}

static int logs(struct local *l, int argc, char **argv, struct arena *a,
		struct error *err)
{
	const char *name = NULL;
	uint64_t lines = 50;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-n") == 0 && i + 1 < argc &&
		    str_to_u64(str_from(argv[i + 1]), &lines) && lines &&
		    lines <= LINES_MAX) {
			i++;
			continue;
		}
		if (name || argv[i][0] == '-') {
			error_set(err, ERROR_INVALID,
				  "logs takes one name and -n N (1 to %d)",
				  LINES_MAX);
			return USAGE;
		}
		name = argv[i];
	}
	if (need_stack(l, err) < 0)
		return 1;
	if (!name)
		return list_logs(l, a, err) < 0 ? 1 : 0;
	if (!is_log_name(name)) {
		error_set(err, ERROR_INVALID, "there is no log \"%s\"", name);
		return 1;
	}
	if (print_tail(stack_path(l, a, "log/%s.log", name), (long)lines, err) <
	    0) {
		error_set(err, ERROR_NOT_FOUND, "there is no log \"%s\"", name);
		error_hint(err, "Without a name, logs lists those there are.");
		return 1;
	}
	return 0;
}

/* Keys hold letters, digits, + and /: nothing that a shell would take. */
static int env(struct local *l, int argc, char **argv, struct arena *a,
	       struct error *err)
{
	struct aws_endpoint e;

	(void)argc;
	(void)argv;
	if (need_stack(l, err) < 0 || hosts_look(l, a, &e, err) < 0)
		return 1;
	if (!e.url.n) {
		error_set(err, ERROR_UNAVAILABLE,
			  "the replication server is not running");
		error_hint(err, "dmsl apply or dmsl local start starts it.");
		return 1;
	}
	printf("export AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE='%.*s'\n"
	       "export AWS_REGION='%.*s'\n"
	       "export AWS_DEFAULT_REGION='%.*s'\n"
	       "export AWS_ACCESS_KEY_ID='%.*s'\n"
	       "export AWS_SECRET_ACCESS_KEY='%.*s'\n"
	       "export AWS_EC2_METADATA_DISABLED=true\n"
	       "unset AWS_SESSION_TOKEN AWS_PROFILE\n",
	       STR_ARG(e.url), STR_ARG(e.region), STR_ARG(e.region),
	       STR_ARG(e.access_key), STR_ARG(e.secret_key));
	return 0;
}

int local_command(void *self, int argc, char **argv, struct error *err)
{
	static const struct {
		const char *name;
		int (*run)(struct local *l, int argc, char **argv,
			   struct arena *a, struct error *err);
		bool has_arguments;
	} commands[] = {
		{ "status", status, true }, { "start", start, false },
		{ "stop", stop, false },    { "logs", logs, true },
		{ "env", env, false },
	};
	struct arena a = { 0 };
	int rc = USAGE;

	error_set(err, ERROR_INVALID, "there is no command \"local %s\"",
		  argc > 0 ? argv[0] : "");
	error_hint(err, "There are status, start, stop, logs and env.");
	for (size_t i = 0;
	     argc > 0 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		if (argc > 1 && !commands[i].has_arguments) {
			error_set(err, ERROR_INVALID, "%s takes no argument",
				  argv[0]);
			break;
		}
		*err = (struct error){ 0 };
		rc = commands[i].run(self, argc, argv, &a, err);
		break;
	}
	fflush(stdout);
	arena_release(&a);
	return rc;
}
