/*
 * psql on the workstation, as AWS's own CLI begins a session: it starts one
 * with the document AWS-StartInteractiveCommand, and the program
 * session-manager-plugin takes it over. What StartSession answered, a token
 * among it, is handed to the plugin in the environment; its argument is the
 * variable's name. Plugins up to 1.2.497 know only the argument, which everyone
 * on this machine can read: they are refused.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager.html
 */
#include <config.h>

#include "providers/aws/reach.h"

#include "lang/base/buf.h"
#include "lang/json.h"
#include "providers/aws/fields.h"
#include "providers/aws/reach_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLUGIN	 "session-manager-plugin"
#define RESPONSE "AWS_SSM_START_SESSION_RESPONSE"

/* The last that takes the answer as an argument. */
static const unsigned too_old[] = { 1, 2, 497 };

static bool is_installed(const char *name, struct arena *a)
{
	struct str path = str_from(getenv("PATH"));

	while (path.n) {
		struct str folder = str_cut(&path, ':');
		char *file =
		    str_c(str_fmt(a, "%.*s/%s", STR_ARG(folder), name), a);

		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* "1.2.707.0" */
static int check_version(struct error *err)
{
	char line[100] = "";
	FILE *f = popen(PLUGIN " --version 2>/dev/null", "r");
	unsigned v[3] = { 0 };

	if (!f)
		return error_errno(err, "could not run \"" PLUGIN "\"");
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	pclose(f);
	if (sscanf(line, "%u.%u.%u", &v[0], &v[1], &v[2]) != 3)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the program \"" PLUGIN
				 "\" does not tell its version");
	for (size_t i = 0; i < 3; i++)
		if (v[i] != too_old[i])
			return v[i] > too_old[i] ? 0 : -1;
	return -1;
}

static int check_plugin(struct arena *a, struct error *err)
{
	static const char where[] =
	    "AWS offers it for each system as \"Session Manager plugin\"; or "
	    "set reach = direct in the provider block";

	if (!is_installed(PLUGIN, a)) {
		error_set(err, ERROR_UNAVAILABLE,
			  "psql on the workstation needs the program \"" PLUGIN
			  "\", which is not installed");
		return error_hint(err, where);
	}
	if (check_version(err) == 0)
		return 0;
	if (err->kind == ERROR_NONE)
		error_set(err, ERROR_UNAVAILABLE,
			  "the program \"" PLUGIN
			  "\" is too old: it takes the session's token as an "
			  "argument, which everybody on this machine can read");
	return error_hint(err, where);
}

static struct str as_json(struct value v, struct arena *a)
{
	struct str out;
	struct buf b;

	buf_init(&b, 1 << 20);
	json_write(&b, v, JSON_REVEAL);
	out = str_dup(buf_str(&b), a);
	buf_wipe(&b);
	return out;
}

static char *variable(const char *name, struct str value, struct arena *a)
{
	return str_c(str_join(str_from(name), "=", value, a), a);
}

static struct str session_script(const struct aws_site *w,
				 const struct reach_cluster *k,
				 const struct reach_way *way,
				 struct str database, struct arena *a)
{
	struct buf script, command;
	struct str out;

	buf_init(&script, 1 << 16);
	buf_add_c(&script, "work=$(mktemp -d) && ");
	script_secret(&script, w, k);
	buf_fmt(&script, "{ %s; } || { cat \"$work/err\"; exit 1; }\n",
		script_read_secret);
	buf_add_c(&script, "rm -rf \"$work\"; export PGUSER PGPASSWORD\n"
			   "exec psql ");
	buf_add_shell(&script, script_connection(k, way, database, a));
	buf_init(&command, 1 << 17);
	buf_add_c(&command, "sh -c ");
	buf_add_shell(&command, buf_str(&script));
	out = str_dup(buf_str(&command), a);
	buf_release(&script);
	buf_release(&command);
	return out;
}

static int start(struct call *c, struct value input, struct str *response)
{
	static const char *const parts[] = { "SessionId", "TokenValue",
					     "StreamUrl" };
	struct aws_site *w = c->self;
	struct fields f = { 0 };
	struct value answer;

	if (aws_do(w->client, &aws_ssm, "StartSession", input,
		   (struct aws_how){ .is_safe = true }, c->arena, &answer,
		   &c->err) < 0)
		return -1;
	for (size_t i = 0; i < 3; i++)
		field_text(&f, parts[i], aws_text(answer, parts[i]));
	*response = as_json(fields_done(&f, c->arena), c->arena);
	return 0;
}

/* The plugin calls the service too, to resume and to end the session. */
static int set_env(struct call *c, struct str response, struct session *out)
{
	struct aws_site *w = c->self;
	struct arena *a = c->arena;
	struct aws_keys keys;

	if (credentials_get(w->credentials, false, a, &keys, &c->err) < 0)
		return -1;
	out->env = arena_new(a, char *, 5);
	out->env[0] = variable(RESPONSE, response, a);
	out->env[1] = variable("AWS_ACCESS_KEY_ID", keys.access_key, a);
	out->env[2] = variable("AWS_SECRET_ACCESS_KEY", keys.secret_key, a);
	out->env[3] = variable("AWS_SESSION_TOKEN", keys.session_token, a);
	return 0;
}

int reach_ssm_session(struct call *c, const struct reach_cluster *k,
		      struct str database, struct session *out)
{
	struct aws_site *w = c->self;
	struct arena *a = c->arena;
	struct fields f = { 0 }, parameters = { 0 };
	struct value input;
	struct aws_location l;
	struct reach_way way;
	struct str response;

	if (check_plugin(a, &c->err) < 0 || reach_way_find(c, k, &way) < 0 ||
	    aws_locate(w->settings, &aws_ssm, w->region, a, &l, &c->err) < 0)
		return -1;
	field_one(&parameters, "command",
		  value_str(session_script(w, k, &way, database, a)), a);
	field_text(&f, "Target", way.instance);
	field_text(&f, "DocumentName", STR("AWS-StartInteractiveCommand"));
	field(&f, "Parameters", fields_done(&parameters, a));
	input = fields_done(&f, a);
	if (start(c, input, &response) < 0 || set_env(c, response, out) < 0)
		return -1;
	out->argv = arena_new(a, char *, 8);
	out->argv[0] = str_c(STR(PLUGIN), a);
	out->argv[1] = str_c(STR(RESPONSE), a);
	out->argv[2] = str_c(w->region, a);
	out->argv[3] = str_c(STR("StartSession"), a);
	out->argv[4] = str_c(STR(""), a); /* no profile: the keys are given */
	out->argv[5] = str_c(as_json(input, a), a);
	out->argv[6] = str_c(l.url, a);
	out->is_closed = true;
	return 0;
}
