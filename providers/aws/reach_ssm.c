/*
 * SQL by Systems Manager: a shell script on the workstation (the document
 * AWS-RunShellScript) that reads the password from the secret store and runs
 * psql. The password is in no command, no argument and no answer.
 *
 * A script longer than a command may be is laid down in pieces first; what
 * psql printed comes back in base64, in pieces too, since Systems Manager keeps
 * 24,000 characters of a command's output. The memo of a pending run is
 * "PIECE COMMAND-ID SINCE"; the last piece is the run itself, "-" is no
 * command, and SINCE is when the workstation was first found to be not ready,
 * or 0. A run that is repeated is harmless: statements see to that themselves.
 *
 * The script's answer is a line "dmsl VERSION STATUS SIZE FILE" and base64:
 * STATUS is psql's, or one of those below.
 */
#include <config.h>

#include "providers/aws/reach.h"

#include "lang/base/base64.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "lang/json.h"
#include "providers/aws/fields.h"
#include "providers/aws/type.h"
#include "providers/pg/pg.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	/* Of a command's text; the service takes 64 KiB with all around it. */
	PIECE_MAX = 40000,
	PIECES_MAX = 400,
	/* Of an answer: in base64 less than 24,000 characters. */
	ANSWER_PIECE = 15000,
	ANSWER_MAX = 1 << 20,
	FETCH_LIMIT_MS = 120000,
	POLL_MS = 1500,
	READY_S = 900,
	/* What the script says besides psql's status. */
	STATUS_NO_PSQL = 200,
	STATUS_NO_SECRET = 201,
	STATUS_NO_PIECES = 202,
};

/* -- scripts -- */

/* In single quotes for a shell. */
static void add_quoted(struct buf *b, struct str s)
{
	buf_add_char(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.s[i] == '\'')
			buf_add_c(b, "'\\''");
		else
			buf_add_char(b, s.s[i]);
	}
	buf_add_char(b, '\'');
}

/* A connection string's value in quotes of its own. */
static void add_option(struct buf *b, const char *name, struct str value)
{
	buf_fmt(b, "%s='", name);
	for (size_t i = 0; i < value.n; i++) {
		if (value.s[i] == '\'' || value.s[i] == '\\')
			buf_add_char(b, '\\');
		buf_add_char(b, value.s[i]);
	}
	buf_add_c(b, "' ");
}

/* PGUSER and PGPASSWORD from the secret, for what follows. */
static const char read_secret[] =
    "field() { printf %s \"$secret\" | python3 -c "
    "'import json,sys;print(json.load(sys.stdin)[sys.argv[1]],end=\"\")' "
    "\"$1\"; }\n"
    "secret=$(aws secretsmanager get-secret-value --region \"$region\" "
    "--secret-id \"$secret_id\" --query SecretString --output text "
    "2>\"$work/err\") && "
    "PGUSER=$(field username 2>>\"$work/err\") && "
    "PGPASSWORD=$(field password 2>>\"$work/err\")";

static void add_secret(struct buf *b, const struct aws_site *w,
		       const struct reach_cluster *k)
{
	buf_add_c(b, "region=");
	add_quoted(b, w->region);
	buf_add_c(b, " secret_id=");
	add_quoted(b, k->secret);
	buf_add_char(b, '\n');
}

static struct str connection(const struct reach_way *way, struct str database,
			     struct arena *a)
{
	struct str out;
	struct buf b;

	buf_init(&b, 4096);
	add_option(&b, "host", way->server);
	buf_fmt(&b, "port=%d ", way->port);
	add_option(&b, "dbname", database);
	buf_add_c(&b, "sslmode=require connect_timeout=15 "
		      "application_name=dmsl");
	out = str_dup(buf_str(&b), a);
	buf_release(&b);
	return out;
}

/* What psql is given: settings, the statement. */
static struct str sql_text(const struct call *c, const struct sql_job *job)
{
	const char *before =
	    "SET client_connection_check_interval = '1s';\n"
	    "SET synchronous_commit = on;\nSET lock_timeout = '30s';\n"
	    "SET standard_conforming_strings = on;\n";
	int64_t ms =
	    c->left_ms > 0 && c->left_ms < 3600000 ? c->left_ms : 3600000;

	return str_fmt(c->arena, "%sSET statement_timeout = %lld;\n%s%.*s\n;\n",
		       before, (long long)ms,
		       job->is_change ? ""
				      : "SET statement_timeout = '60s';\n"
					"BEGIN READ ONLY;\n",
		       STR_ARG(job->sql));
}

/* Where the pieces of a statement are laid down: the same for a repetition. */
static struct str folder_of(const struct call *c, struct str sql)
{
	char hex[DIGEST_HEX_SIZE];
	struct str all = str_join(c->token, "/", sql, c->arena);

	digest_sha256_hex(all, hex);
	return str_fmt(c->arena, "/var/tmp/dmsl-%.24s", hex);
}

static struct str piece_script(struct str folder, size_t i, struct str piece,
			       struct arena *a)
{
	return str_fmt(a,
		       "umask 077\nmkdir -p %.*s || exit 1\n"
		       "printf %%s '%.*s' >%.*s/%04zu.new && "
		       "mv %.*s/%04zu.new %.*s/%04zu || exit 1\n"
		       "echo 'dmsl 1 0 0 -'\n",
		       STR_ARG(folder), STR_ARG(piece), STR_ARG(folder), i,
		       STR_ARG(folder), i, STR_ARG(folder), i);
}

/*
 * The run. `text` is the statement in base64, or empty where it stands in
 * n pieces in the folder.
 */
static struct str run_script(const struct call *c,
			     const struct reach_cluster *k,
			     const struct reach_way *way,
			     const struct sql_job *job, struct str folder,
			     size_t n, struct str text)
{
	const struct aws_site *w = c->self;
	struct str out;
	struct buf b;

	buf_init(&b, 2 * PIECE_MAX);
	buf_add_c(&b, "umask 077\n"
		      "find /var/tmp -maxdepth 1 -name 'dmsl-*' -mmin +120 "
		      "-exec rm -rf {} + 2>/dev/null\n"
		      "work=$(mktemp -d /var/tmp/dmsl-XXXXXXXX) || exit 1\n"
		      "end() { printf 'dmsl 1 %s %s %s\\n' \"$1\" "
		      "\"$(wc -c <\"$2\" | tr -d ' ')\" \"$2\"; ");
	buf_fmt(&b, "head -c %d \"$2\" | base64; ", ANSWER_PIECE);
	buf_fmt(&b,
		"if [ \"$(wc -c <\"$2\")\" -le %d ]; then "
		"rm -rf \"$work\"; fi; exit 0; }\n",
		ANSWER_PIECE);
	buf_fmt(&b,
		": >\"$work/err\"\n"
		"command -v psql >/dev/null || end %d \"$work/err\"\n",
		STATUS_NO_PSQL);
	if (text.n) {
		buf_add_c(&b, "base64 -d >\"$work/sql\" <<'DMSL'\n");
		for (size_t i = 0; i < text.n; i += 76)
			buf_fmt(&b, "%.*s\n",
				STR_ARG(str_sub(text, i, i + 76)));
		buf_add_c(&b, "DMSL\n");
	} else {
		buf_fmt(&b,
			"[ \"$(ls %.*s/[0-9][0-9][0-9][0-9] 2>/dev/null | "
			"wc -l)\" -eq %zu ] || end %d \"$work/err\"\n"
			"cat %.*s/[0-9][0-9][0-9][0-9] | base64 -d "
			">\"$work/sql\"\n",
			STR_ARG(folder), n, STATUS_NO_PIECES, STR_ARG(folder));
	}
	add_secret(&b, w, k);
	buf_fmt(&b, "{ %s; } || end %d \"$work/err\"\n", read_secret,
		STATUS_NO_SECRET);
	buf_add_c(&b, "export PGUSER PGPASSWORD\n"
		      "null=$(printf '\\032') field=$(printf '\\036') "
		      "record=$(printf '\\035')\n"
		      "psql -X -q -A -t -F \"$field\" -R \"$record\" "
		      "-P \"null=$null\" -v ON_ERROR_STOP=1 "
		      "-v VERBOSITY=verbose -v SHOW_CONTEXT=never "
		      "-f \"$work/sql\" ");
	add_quoted(&b, connection(way, job->at.database, c->arena));
	buf_add_c(&b, " >\"$work/out\" 2>\"$work/err\" </dev/null\n"
		      "status=$?\n");
	if (n)
		buf_fmt(&b, "rm -rf %.*s\n", STR_ARG(folder));
	buf_add_c(&b, "[ \"$status\" = 0 ] || end \"$status\" \"$work/err\"\n"
		      "end 0 \"$work/out\"\n");
	out = str_dup(buf_str(&b), c->arena);
	buf_wipe(&b);
	return out;
}

/* -- commands -- */

static int send(struct call *c, struct str instance, struct str script,
		struct str *id)
{
	struct aws_site *w = c->self;
	struct arena *a = c->arena;
	struct fields f = { 0 }, parameters = { 0 };
	struct value *command = arena_new(a, struct value, 1);
	struct value *target = arena_new(a, struct value, 1);
	struct value *limit = arena_new(a, struct value, 1);
	struct value answer;

	*command = value_str(script);
	*target = value_str(instance);
	*limit = value_c("3600");
	field(&parameters, "commands", value_list(command, 1));
	field(&parameters, "executionTimeout", value_list(limit, 1));
	field(&f, "InstanceIds", value_list(target, 1));
	field_text(&f, "DocumentName", STR("AWS-RunShellScript"));
	field(&f, "Parameters", fields_done(&parameters, a));
	field(&f, "TimeoutSeconds", value_int(600));
	field_text(
	    &f, "Comment",
	    str_fmt(a, "dmsl %.*s", STR_ARG(str_sub(c->address, 0, 90))));
	if (aws_do(w->client, &aws_ssm, "SendCommand", fields_done(&f, a),
		   (struct aws_how){ .is_safe = true }, a, &answer,
		   &c->err) < 0)
		return -1;
	*id = aws_text(answer, "Command/CommandId");
	if (id->n)
		return 0;
	return error_set(&c->err, ERROR_FAILED,
			 "SendCommand: the service answered without a command");
}

struct outcome {
	bool is_pending;
	int status;
	size_t size;
	struct str file;
	struct str bytes;
};

/* "dmsl 1 STATUS SIZE FILE" and base64. */
static int read_output(struct call *c, struct str output, struct outcome *out)
{
	struct str head = str_cut(&output, '\n');
	uint64_t status = 0, size = 0;

	if (!str_is(str_cut(&head, ' '), "dmsl") ||
	    !str_is(str_cut(&head, ' '), "1") ||
	    !str_to_u64(str_cut(&head, ' '), &status) ||
	    !str_to_u64(str_cut(&head, ' '), &size) ||
	    base64_decode(output, c->arena, &out->bytes) < 0)
		return error_set(&c->err, ERROR_FAILED,
				 "the workstation's answer cannot be read");
	out->status = (int)status;
	out->size = (size_t)size;
	out->file = str_trim(head);
	return 0;
}

static int look(struct call *c, struct str instance, struct str id,
		struct outcome *out)
{
	static const char *const passing[] = { "Pending", "InProgress",
					       "Delayed", "Cancelling" };
	struct aws_site *w = c->self;
	struct aws_refusal refusal = { 0 };
	struct fields f = { 0 };
	struct value answer;
	struct str status;

	*out = (struct outcome){ 0 };
	field_text(&f, "CommandId", id);
	field_text(&f, "InstanceId", instance);
	if (aws_do(w->client, &aws_ssm, "GetCommandInvocation",
		   fields_done(&f, c->arena),
		   (struct aws_how){ .is_safe = true, .refusal = &refusal },
		   c->arena, &answer, &c->err) < 0) {
		if (strcmp(refusal.code, "InvocationDoesNotExist") != 0)
			return -1;
		/* Sent a moment ago. */
		c->err = (struct error){ 0 };
		out->is_pending = true;
		return 0;
	}
	status = aws_text(answer, "Status");
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (str_is(status, passing[i])) {
			out->is_pending = true;
			return 0;
		}
	if (str_is(status, "Success"))
		return read_output(c, aws_text(answer, "StandardOutputContent"),
				   out);
	return error_set(
	    &c->err, str_is(status, "TimedOut") ? ERROR_TIMEOUT : ERROR_FAILED,
	    "the command on workstation %.*s ended as %.*s: %.*s",
	    STR_ARG(instance), STR_ARG(status),
	    STR_ARG(str_sub(str_trim(aws_text(answer, "StandardErrorContent")),
			    0, 300)));
}

/* What did not fit into the first answer, in this call. */
static int fetch(struct call *c, struct str instance, struct outcome *o)
{
	int64_t end = clock_ms() + FETCH_LIMIT_MS;
	struct buf all;
	int result = 0;

	if (o->size > ANSWER_MAX)
		return error_set(&c->err, ERROR_QUOTA,
				 "the answer has %zu bytes; the most is %d",
				 o->size, ANSWER_MAX);
	buf_init(&all, ANSWER_MAX);
	buf_add_str(&all, o->bytes);
	while (result == 0 && all.len < o->size) {
		bool is_last = all.len + ANSWER_PIECE >= o->size;
		struct str script = str_fmt(
		    c->arena,
		    "printf 'dmsl 1 0 0 -\\n'\n"
		    "tail -c +%zu '%.*s' | head -c %d | base64\n%s%.*s%s",
		    all.len + 1, STR_ARG(o->file), ANSWER_PIECE,
		    is_last ? "rm -rf \"$(dirname '" : "#", STR_ARG(o->file),
		    is_last ? "')\"\n" : "\n");
		struct outcome part = { .is_pending = true };
		struct str id;

		result = send(c, instance, script, &id);
		while (result == 0 && part.is_pending) {
			if (clock_ms() > end)
				result = error_set(
				    &c->err, ERROR_TIMEOUT,
				    "the answer of %zu bytes did not come in "
				    "two minutes",
				    o->size);
			else if ((result = look(c, instance, id, &part)) == 0 &&
				 part.is_pending)
				clock_sleep_ms(200);
		}
		if (result == 0 && part.bytes.n == 0)
			result = error_set(&c->err, ERROR_FAILED,
					   "the answer's rest is gone");
		if (result == 0)
			buf_add_str(&all, part.bytes);
	}
	o->bytes = str_dup(buf_str(&all), c->arena);
	buf_wipe(&all);
	return result;
}

/* -- what psql said -- */

/* "psql:…: ERROR:  42P01: words", lines with LOCATION and such left out. */
static void refused(struct call *c, const struct outcome *o,
		    struct sql_answer *out)
{
	struct str rest = o->bytes;
	struct str words = str_trim(o->bytes);

	while (rest.n) {
		struct str line = str_cut(&rest, '\n');

		for (size_t i = 0; i + 11 < line.n; i++) {
			struct str s = str_skip(line, i);

			if (!str_starts(s, ":  ") || s.s[8] != ':')
				continue;
			memcpy(out->state, s.s + 3, 5);
			words = str_trim(str_skip(s, 9));
			error_set(&c->err, pg_state_kind(out->state), "%.*s",
				  STR_ARG(str_sub(words, 0, 800)));
			return;
		}
	}
	words = str_cut(&words, '\n');
	error_set(&c->err,
		  str_contains(words, STR("authentication failed"))
		      ? ERROR_DENIED
		      : ERROR_UNAVAILABLE,
		  "%.*s", STR_ARG(str_sub(words, 0, 800)));
}

/* The first column of the first row, by the separators of the script. */
static void take_answer(struct str bytes, struct sql_answer *out)
{
	size_t n = 0;

	while (n < bytes.n && bytes.s[n] != '\036' && bytes.s[n] != '\035')
		n++;
	/* psql ends the last record with a line end. */
	if (n == bytes.n && n && bytes.s[n - 1] == '\n')
		n--;
	out->text = str_sub(bytes, 0, n);
	out->is_null = bytes.n == 0 || str_is(out->text, "\032");
	if (out->is_null)
		out->text = STR("");
}

/* Where a run is: what the memo holds. */
struct progress {
	uint64_t piece;
	struct str command; /* empty: none */
	uint64_t since;	    /* seconds since 1970; 0: it was ready */
};

static struct progress read_memo(struct str memo)
{
	struct progress p = { 0 };

	if (!str_to_u64(str_cut(&memo, ' '), &p.piece))
		return p;
	p.command = str_cut(&memo, ' ');
	str_to_u64(memo, &p.since);
	if (str_is(p.command, "-"))
		p.command = STR("");
	return p;
}

static void write_memo(struct call *c, const struct progress *p,
		       struct str *memo)
{
	*memo =
	    str_fmt(c->arena, "%llu %.*s %llu", (unsigned long long)p->piece,
		    STR_ARG(p->command.n ? p->command : STR("-")),
		    (unsigned long long)p->since);
}

/* Begins anew in a while; false when that has gone on for too long. */
static bool is_patient(struct call *c, struct progress *p, struct str *memo)
{
	int64_t now = clock_wall();

	if (p->since == 0)
		p->since = (uint64_t)now;
	if (now - (int64_t)p->since > READY_S)
		return false;
	p->piece = 0;
	p->command = STR("");
	write_memo(c, p, memo);
	return true;
}

static enum step finish(struct call *c, struct str instance, struct outcome *o,
			struct progress *p, struct str *memo,
			struct sql_answer *out)
{
	switch (o->status) {
	case 0:
		if (o->size > o->bytes.n && fetch(c, instance, o) < 0)
			return STEP_FAILED;
		take_answer(o->bytes, out);
		return STEP_DONE;
	case STATUS_NO_PSQL:
		if (is_patient(c, p, memo))
			return reach_wait(c, 5000, "psql on workstation %.*s",
					  STR_ARG(instance));
		return call_fail(c, ERROR_UNAVAILABLE,
				 "workstation %.*s has no psql",
				 STR_ARG(instance));
	case STATUS_NO_SECRET:
		call_fail(c, ERROR_DENIED,
			  "workstation %.*s cannot read the secret: %.*s",
			  STR_ARG(instance),
			  STR_ARG(str_sub(str_trim(o->bytes), 0, 500)));
		error_hint(&c->err, "its role needs "
				    "secretsmanager:GetSecretValue, and its "
				    "network a way to the service");
		return STEP_FAILED;
	case STATUS_NO_PIECES:
		if (is_patient(c, p, memo))
			return reach_wait(
			    c, POLL_MS, "the statement to be laid down again");
		return call_fail(c, ERROR_FAILED,
				 "workstation %.*s keeps losing the statement",
				 STR_ARG(instance));
	default:
		refused(c, o, out);
		return STEP_FAILED;
	}
}

/* The workstation starts, or is not known to Systems Manager yet. */
static enum step not_sent(struct call *c, struct str instance,
			  struct progress *p, struct str *memo)
{
	if (!str_contains(str_from(c->err.message), STR("InvalidInstanceId")) ||
	    !is_patient(c, p, memo))
		return STEP_FAILED;
	c->err = (struct error){ 0 };
	return reach_wait(c, 5000,
			  "workstation %.*s to register with Systems Manager",
			  STR_ARG(instance));
}

static int check_job(struct call *c, const struct sql_job *job, size_t pieces)
{
	if (job->has_secret) {
		error_set(&c->err, ERROR_INVALID,
			  "the statements hold a secret, and commands of "
			  "Systems Manager are kept in its history");
		return error_hint(&c->err,
				  "let the statements read it themselves, or "
				  "set reach = data_api or direct in the "
				  "provider block");
	}
	if (pieces > PIECES_MAX)
		return error_set(&c->err, ERROR_QUOTA,
				 "the statements have %zu bytes; the most that "
				 "is run on a workstation is %d",
				 job->sql.n, PIECES_MAX * (PIECE_MAX / 4 * 3));
	return 0;
}

enum step reach_ssm_run(struct call *c, const struct reach_cluster *k,
			const struct sql_job *job, struct str *memo,
			struct sql_answer *out)
{
	struct arena *a = c->arena;
	struct progress p = read_memo(*memo);
	struct str sql = sql_text(c, job);
	struct str text = base64_encode(sql, a);
	struct str folder = folder_of(c, sql);
	size_t n =
	    text.n <= PIECE_MAX ? 0 : (text.n + PIECE_MAX - 1) / PIECE_MAX;
	struct outcome o = { 0 };
	struct reach_way way;
	struct str script;

	if (check_job(c, job, n) < 0 ||
	    reach_way_find(c->self, k, a, &way, &c->err) < 0)
		return STEP_FAILED;
	if (p.command.n) {
		if (look(c, way.instance, p.command, &o) < 0)
			return STEP_FAILED;
		if (o.is_pending)
			return reach_wait(c, POLL_MS,
					  "statements on workstation %.*s",
					  STR_ARG(way.instance));
		if (p.piece >= n)
			return finish(c, way.instance, &o, &p, memo, out);
		p.piece++;
	}
	if (p.piece < n)
		script = piece_script(folder, (size_t)p.piece,
				      str_sub(text, p.piece * PIECE_MAX,
					      (p.piece + 1) * PIECE_MAX),
				      a);
	else
		script =
		    run_script(c, k, &way, job, folder, n, n ? STR("") : text);
	if (send(c, way.instance, script, &p.command) < 0)
		return not_sent(c, way.instance, &p, memo);
	write_memo(c, &p, memo);
	return reach_wait(c, POLL_MS, "statements on workstation %.*s",
			  STR_ARG(way.instance));
}

/* -- psql -- */

#define PLUGIN	 "session-manager-plugin"
#define RESPONSE "AWS_SSM_START_SESSION_RESPONSE"

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

static struct str session_script(const struct aws_site *w,
				 const struct reach_cluster *k,
				 const struct reach_way *way,
				 struct str database, struct arena *a)
{
	struct buf script, command;
	struct str out;

	buf_init(&script, 1 << 16);
	buf_add_c(&script, "work=$(mktemp -d) && ");
	add_secret(&script, w, k);
	buf_fmt(&script, "%s || { cat \"$work/err\"; exit 1; }\n", read_secret);
	buf_add_c(&script, "rm -rf \"$work\"; export PGUSER PGPASSWORD\n"
			   "exec psql ");
	add_quoted(&script, connection(way, database, a));
	buf_init(&command, 1 << 17);
	buf_add_c(&command, "sh -c ");
	add_quoted(&command, buf_str(&script));
	out = str_dup(buf_str(&command), a);
	buf_release(&script);
	buf_release(&command);
	return out;
}

int reach_ssm_session(struct call *c, const struct reach_cluster *k,
		      struct str database, struct session *out)
{
	struct aws_site *w = c->self;
	struct arena *a = c->arena;
	struct fields f = { 0 }, parameters = { 0 };
	struct value *command = arena_new(a, struct value, 1);
	struct value input, answer;
	struct reach_way way;

	if (!is_installed(PLUGIN, a)) {
		error_set(&c->err, ERROR_UNAVAILABLE,
			  "the program \"" PLUGIN "\" is not installed");
		return error_hint(
		    &c->err, "AWS offers it as a Debian package; a session "
			     "on the workstation needs it");
	}
	if (reach_way_find(w, k, a, &way, &c->err) < 0)
		return -1;
	*command = value_str(session_script(w, k, &way, database, a));
	field(&parameters, "command", value_list(command, 1));
	field_text(&f, "Target", way.instance);
	field_text(&f, "DocumentName", STR("AWS-StartInteractiveCommand"));
	field(&f, "Parameters", fields_done(&parameters, a));
	input = fields_done(&f, a);
	if (aws_do(w->client, &aws_ssm, "StartSession", input,
		   (struct aws_how){ .is_safe = true }, a, &answer,
		   &c->err) < 0)
		return -1;
	out->argv = arena_new(a, char *, 8);
	out->argv[0] = str_c(STR(PLUGIN), a);
	/* The name of the variable: its value holds the session's token. */
	out->argv[1] = str_c(STR(RESPONSE), a);
	out->argv[2] = str_c(w->region, a);
	out->argv[3] = str_c(STR("StartSession"), a);
	out->argv[4] = str_c(STR(""), a);
	out->argv[5] = str_c(as_json(input, a), a);
	out->argv[6] = str_c(str_fmt(a, "https://ssm.%.*s.%.*s",
				     STR_ARG(w->region), STR_ARG(w->suffix)),
			     a);
	out->env = arena_new(a, char *, 2);
	out->env[0] =
	    str_c(str_join(STR(RESPONSE), "=", as_json(answer, a), a), a);
	out->is_closed = true;
	return 0;
}
