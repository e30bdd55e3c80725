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
#include "providers/aws/fields.h"
#include "providers/aws/reach_script.h"
#include "providers/aws/type.h"
#include "providers/pg/pg.h"

#include <string.h>

enum {
	/* Of a command's text; the service takes 64 KiB with all around it. */
	PIECE_MAX = 40000,
	PIECES_MAX = 400,
	/* Of an answer: in base64 less than 24,000 characters. */
	ANSWER_PIECE = 15000,
	ANSWER_MAX = 1 << 20,
	FETCH_LIMIT_MS = 120000,
	POLL_MS = 1000,
	READY_S = 900,
	ASK_MS = 60000, /* a question may take */
	/* What the script says besides psql's status. */
	STATUS_NO_PSQL = 200,
	STATUS_NO_SECRET = 201,
	STATUS_NO_PIECES = 202,
};

/* -- scripts -- */

/*
 * What the session is told before the statement. Notices would only hide the
 * error among what psql says.
 */
static void add_settings(struct buf *b, const struct call *c,
			 const struct sql_job *job)
{
	int64_t ms =
	    c->left_ms > 0 && c->left_ms < 3600000 ? c->left_ms : 3600000;

	if (!job->is_change && ms > ASK_MS)
		ms = ASK_MS;
	buf_add_c(b, "-c ");
	buf_add_shell(b, STR(SQL_WATCH_CLIENT));
	buf_fmt(b,
		" -c \"SET client_min_messages = error; "
		"SET synchronous_commit = on; SET lock_timeout = '30s'; "
		"SET standard_conforming_strings = on; "
		"SET statement_timeout = %lld\" ",
		(long long)ms);
	if (!job->is_change)
		buf_add_c(b, "-c 'BEGIN READ ONLY' ");
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
	script_secret(&b, w, k);
	buf_fmt(&b, "{ %s; } || end %d \"$work/err\"\n", script_read_secret,
		STATUS_NO_SECRET);
	buf_add_c(&b, "export PGUSER PGPASSWORD\n"
		      "null=$(printf '\\032') field=$(printf '\\036') "
		      "record=$(printf '\\035')\n"
		      "psql -X -q -A -t -F \"$field\" -R \"$record\" "
		      "-P \"null=$null\" -v ON_ERROR_STOP=1 "
		      "-v VERBOSITY=verbose -v SHOW_CONTEXT=never ");
	add_settings(&b, c, job);
	buf_add_c(&b, "-f \"$work/sql\" ");
	buf_add_shell(&b,
		      script_connection(k, way, job->at.database, c->arena));
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
	struct value answer;

	field_one(&parameters, "commands", value_str(script), a);
	field_one(&parameters, "executionTimeout", value_c("3600"), a);
	field_one(&f, "InstanceIds", value_str(instance), a);
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

/* What follows `severity` in a line, or empty. */
static struct str after(struct str line, const char *severity)
{
	while (line.n && !str_starts(line, severity))
		line = str_skip(line, 1);
	return line.n ? str_skip(line, strlen(severity)) : line;
}

/*
 * "psql:FILE:1: ERROR:  42P01: words" of a statement, "psql: error: connection
 * to server … failed: FATAL:  words"; lines with LOCATION and such left out.
 */
static void refused(struct call *c, const struct sql_job *job,
		    const struct outcome *o, struct sql_answer *out)
{
	static const char *const severities[] = { "ERROR:  ", "FATAL:  ",
						  "PANIC:  " };
	struct str rest = o->bytes;
	struct str words = str_trim(o->bytes);
	bool was_connected =
	    !str_contains(words, STR("connection to server at")) &&
	    !str_contains(words, STR("could not translate"));

	while (rest.n) {
		struct str line = str_cut(&rest, '\n');
		struct str said = STR("");

		for (size_t i = 0; i < 3 && said.n == 0; i++)
			said = after(line, severities[i]);
		if (said.n == 0)
			continue;
		words = str_trim(said);
		if (was_connected && said.n > 6 && said.s[5] == ':') {
			memcpy(out->state, said.s, 5);
			words = str_trim(str_skip(said, 6));
		} else {
			memcpy(out->state, reach_state_of(words),
			       strlen(reach_state_of(words)));
		}
		break;
	}
	words = str_sub(words, 0, 800);
	if (!out->state[0])
		words = str_cut(&words, '\n');
	if (out->state[0])
		error_set(&c->err, pg_state_kind(out->state), "%.*s",
			  STR_ARG(words));
	else
		/* Cut off in the middle, a statement may have been done. */
		error_set(&c->err,
			  was_connected && job->is_change ? ERROR_TIMEOUT
							  : ERROR_UNAVAILABLE,
			  "%.*s", STR_ARG(words));
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
			const struct sql_job *job, struct progress *p,
			struct str *memo, struct sql_answer *out)
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
		refused(c, job, o, out);
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
	struct str text = base64_encode(job->sql, a);
	struct str folder = folder_of(c, job->sql);
	size_t n =
	    text.n <= PIECE_MAX ? 0 : (text.n + PIECE_MAX - 1) / PIECE_MAX;
	struct outcome o = { 0 };
	struct reach_way way;
	struct str script;

	if (check_job(c, job, n) < 0 || reach_way_find(c, k, &way) < 0)
		return STEP_FAILED;
	if (p.command.n) {
		if (look(c, way.instance, p.command, &o) < 0)
			return STEP_FAILED;
		if (o.is_pending)
			return reach_wait(c, POLL_MS,
					  "statements on workstation %.*s",
					  STR_ARG(way.instance));
		if (p.piece >= n)
			return finish(c, way.instance, &o, job, &p, memo, out);
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
