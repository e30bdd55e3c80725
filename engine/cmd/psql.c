#include <config.h>

#include "engine/calls.h"
#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/runs.h"
#include "engine/setup.h"
#include "engine/target.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct args {
	struct run_options run;
};

extern char **environ;

/*
 * The client is given what it logs in with, and none of what dmsl was given:
 * whatever it starts would have that, too.
 */
static void drop_secrets(struct arena *a)
{
	for (size_t i = 0; environ[i];) {
		struct str rest = str_from(environ[i]);
		struct str name = str_cut(&rest, '=');

		if (str_is(name, "DMSL_STATE_KEY") ||
		    str_starts(name, "DMSL_PARAM_"))
			unsetenv(str_c(name, a));
		else
			i++;
	}
}

/* Becomes the client; comes back only with an error. */
static int become(struct arena *a, const struct session *s,
		  const struct option_list *operands, struct error *err)
{
	size_t n = 0, extra = operands->n - 2;
	char **argv;

	if (s->is_closed && extra)
		return error_set(err, ERROR_INVALID,
				 "psql runs on another machine and takes no "
				 "arguments from here");
	while (s->argv[n])
		n++;
	argv = arena_new(a, char *, n + extra + 1);
	memcpy(argv, s->argv, n * sizeof(*argv));
	for (size_t i = 0; i < extra; i++)
		argv[n + i] = str_c(str_from(operands->items[2 + i]), a);
	drop_secrets(a);
	/* The password goes into the environment of the client alone. */
	for (char **e = s->env; e && *e; e++)
		if (putenv(*e) != 0)
			return error_errno(err, "could not set up the client");
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	fflush(stdout);
	execvp(argv[0], argv);
	error_errno(err, "could not start \"%s\"", argv[0]);
	if (err->kind == ERROR_NOT_FOUND)
		error_hint(err, "On Debian it is in the package "
				"postgresql-client.");
	return -1;
}

static int open_session(struct context *c, const struct option_list *operands,
			struct error *err)
{
	struct str address = str_from(operands->items[1]);
	struct session session = { 0 };
	struct engine_call *e;
	struct target t;
	int result;

	if (target_find(c, address, &t, err) < 0)
		return -1;
	if (!t.type->ops->session) {
		error_set(err, ERROR_INVALID, "%s \"%.*s\" is no database",
			  t.type->name, STR_ARG(address));
		return error_hint(err, "Name a db_cluster, a sql_database or a "
				       "dms_endpoint.");
	}
	e = call_new(c, t.provider, t.type, address, t.resource, CALL_READ);
	e->call.config = value_copy(t.resource->attrs, &e->arena);
	result = t.type->ops->session(&e->call, &session);
	if (result < 0)
		*err = e->call.err;
	else
		result = become(&e->arena, &session, operands, err);
	call_free(e);
	return result;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	struct error err = { 0 };
	struct expansion *e;
	int status = run_take(c, &args->run, false);

	if (status != STATUS_DONE)
		return status;
	e = setup_stack(c, operands->items[0], ACCESS_READ, &err);
	if (!e || open_session(c, operands, &err) < 0)
		status = setup_fail(c, &err);
	setup_close(c, e);
	return status;
}

static const struct option options[] = {
	RUN_OPTIONS_PARAMS(struct args, run),
	OPTION_END,
};

const struct command cmd_psql = {
	.name = "psql",
	.usage = "FILE ADDRESS [-- ARGUMENT...]",
	.summary = "open psql on a database of the stack",
	.help = "Host, port, TLS and password are set up; the password is in "
		"no argument.\nWhat follows -- is handed to psql.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 2,
	.most = -1,
	.run = run,
};
