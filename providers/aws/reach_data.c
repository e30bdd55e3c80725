/*
 * SQL by the RDS Data API. A statement stands alone there, but in a
 * transaction; one that is larger than the service takes is laid down in
 * pieces, as parameters of a batch, in a temporary table, and run from there in
 * the same transaction.
 * https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/
 */
#include <config.h>

#include "providers/aws/reach.h"

#include "providers/aws/fields.h"
#include "providers/pg/pg.h"

#include <string.h>

enum {
	/* The service's limit is 64 KiB; bytes of one statement. */
	STATEMENT_MAX = 60000,
	PIECE_MAX = 30000,
	BATCH_MAX = 10, /* pieces a request, which may have 1 MiB as JSON */
};

/* One conversation: a cluster's database, perhaps in a transaction. */
struct talk {
	struct call *c;
	const struct reach_cluster *k;
	struct str database;
	struct str transaction; /* empty: none */
	bool is_change;
	struct sql_answer *answer;
};

/* "…: FATAL:  database \"d\" does not exist" */
static bool refused_connection(struct talk *t, const struct aws_refusal *r)
{
	static const char mark[] = "FATAL: ";
	const char *at = strstr(r->words, mark);
	struct str words = str_trim(str_from(at ? at + strlen(mark) : ""));
	const char *state = reach_state_of(words);

	if (!state[0])
		return false;
	memcpy(t->answer->state, state, 5);
	words = str_cut(&words, '\n');
	error_set(&t->c->err, pg_state_kind(state), "%.*s", STR_ARG(words));
	return true;
}

/* "ERROR: relation \"t\" does not exist; …; SQLState: 42P01" */
static void refused(struct talk *t, const struct aws_refusal *r)
{
	static const char mark[] = "SQLState: ";
	const char *at = strstr(r->words, mark);
	struct error *err = &t->c->err;

	if (at && strlen(at) >= strlen(mark) + 5) {
		struct str words = str_from(r->words);

		memcpy(t->answer->state, at + strlen(mark), 5);
		words = str_sub(words, 0, (size_t)(at - r->words));
		while (words.n && strchr("; \n", words.s[words.n - 1]))
			words.n--;
		if (str_starts(words, "ERROR: "))
			words = str_skip(words, 7);
		words = str_cut(&words, '\n');
		error_set(err, pg_state_kind(t->answer->state), "%.*s",
			  STR_ARG(words));
	} else if (refused_connection(t, r)) {
		return;
	} else if (strcmp(r->code, "HttpEndpointNotEnabledException") == 0 ||
		   (strcmp(r->code, "BadRequestException") == 0 &&
		    strstr(r->words, "HttpEndpoint is not enabled"))) {
		/* The plan that turns it on must be made without it. */
		err->kind = ERROR_UNAVAILABLE;
		error_hint(err, "set data_api = true in the db_cluster block");
	} else if (strcmp(r->code, "DatabaseResumingException") == 0 ||
		   strcmp(r->code, "DatabaseUnavailableException") == 0 ||
		   strstr(r->words, "Communications link failure")) {
		err->kind = ERROR_UNAVAILABLE;
	} else if (strcmp(r->code, "StatementTimeoutException") == 0 &&
		   t->transaction.n) {
		err->kind = ERROR_QUOTA;
		error_hint(err,
			   "statements of more than 60 kB end with their call "
			   "here, after 45 s: make several fixtures of them, "
			   "or set reach = workstation or direct");
	} else if (strcmp(r->code, "StatementTimeoutException") == 0) {
		/* It goes on over there: the outcome is not known. */
		err->kind = ERROR_TIMEOUT;
	} else if (strstr(r->words, "response size limit")) {
		error_set(err, ERROR_QUOTA,
			  "the answer is larger than the Data API's limit of "
			  "1 MiB");
		error_hint(err, "ask for less, or set reach = workstation or "
				"direct");
	}
}

static int say(struct talk *t, const char *operation, struct fields *f,
	       struct value *out)
{
	struct aws_site *w = t->c->self;
	struct arena *a = t->c->arena;
	struct aws_refusal refusal = { 0 };

	field_text(f, "resourceArn", t->k->arn);
	field_text(f, "secretArn", t->k->secret);
	if (t->transaction.n)
		field_text(f, "transactionId", t->transaction);
	/*
	 * Statements see to it that a repetition is harmless; but not in one
	 * transaction, where pieces would be laid down twice.
	 */
	if (aws_do(w->client, &aws_rds_data, operation, fields_done(f, a),
		   (struct aws_how){
		       .is_safe = !t->is_change || t->transaction.n == 0,
		       .refusal = &refusal,
		   },
		   a, out, &t->c->err) == 0)
		return 0;
	refused(t, &refusal);
	return -1;
}

static int execute(struct talk *t, struct str sql, bool goes_on,
		   struct value *out)
{
	struct fields f = { 0 };

	field_text(&f, "database", t->database);
	field_text(&f, "sql", sql);
	if (goes_on && t->transaction.n == 0)
		field(&f, "continueAfterTimeout", value_bool(true));
	return say(t, "ExecuteStatement", &f, out);
}

static int begin(struct talk *t)
{
	struct fields f = { 0 };
	struct value answer;

	field_text(&f, "database", t->database);
	if (say(t, "BeginTransaction", &f, &answer) < 0)
		return -1;
	t->transaction = aws_text(answer, "transactionId");
	return 0;
}

static int end(struct talk *t, const char *operation)
{
	struct aws_site *w = t->c->self;
	struct fields f = { 0 };
	struct arena *a = t->c->arena;
	struct error err = { 0 };
	struct value ignored;

	field_text(&f, "resourceArn", t->k->arn);
	field_text(&f, "secretArn", t->k->secret);
	field_text(&f, "transactionId", t->transaction);
	t->transaction = STR("");
	if (aws_do(w->client, &aws_rds_data, operation, fields_done(&f, a),
		   (struct aws_how){ .is_safe = false }, a, &ignored,
		   &err) == 0)
		return 0;
	/* Whether it was committed is not known, however it failed. */
	if (err.kind == ERROR_UNAVAILABLE || err.kind == ERROR_THROTTLED)
		err.kind = ERROR_TIMEOUT;
	if (t->c->err.kind == ERROR_NONE)
		t->c->err = err;
	return -1;
}

/* One set of parameters of the batch: n and piece. */
static struct value parameters(size_t n, struct str piece, struct arena *a)
{
	struct value *list = arena_new(a, struct value, 2);
	struct fields f = { 0 }, v = { 0 };

	field(&v, "longValue", value_int_in((int64_t)n, a));
	field_text(&f, "name", STR("n"));
	field(&f, "value", fields_done(&v, a));
	list[0] = fields_done(&f, a);
	field_text(&v, "stringValue", piece);
	field_text(&f, "name", STR("piece"));
	field(&f, "value", fields_done(&v, a));
	list[1] = fields_done(&f, a);
	return value_list(list, 2);
}

/* Not in the middle of a character. */
static size_t piece_end(struct str sql, size_t at)
{
	size_t to = at + PIECE_MAX < sql.n ? at + PIECE_MAX : sql.n;

	while (to < sql.n && to > at &&
	       ((unsigned char)sql.s[to] & 0xc0) == 0x80)
		to--;
	return to;
}

static int lay_down(struct talk *t, struct str sql)
{
	struct arena *a = t->c->arena;
	struct value ignored;
	size_t n = 0;

	if (execute(t,
		    STR("CREATE TEMPORARY TABLE dmsl_pieces "
			"(n int, piece text) ON COMMIT DROP"),
		    false, &ignored) < 0)
		return -1;
	for (size_t at = 0; at < sql.n;) {
		struct value *sets = arena_new(a, struct value, BATCH_MAX);
		struct fields f = { 0 };
		size_t m = 0;

		for (; m < BATCH_MAX && at < sql.n; m++) {
			size_t to = piece_end(sql, at);

			sets[m] = parameters(n++, str_sub(sql, at, to), a);
			at = to;
		}
		field_text(&f, "database", t->database);
		field_text(&f, "sql",
			   STR("INSERT INTO dmsl_pieces VALUES (:n, :piece)"));
		field(&f, "parameterSets", value_list(sets, m));
		if (say(t, "BatchExecuteStatement", &f, &ignored) < 0)
			return -1;
	}
	return execute(t,
		       STR("DO $$ BEGIN EXECUTE (SELECT string_agg(piece, '' "
			   "ORDER BY n) FROM dmsl_pieces); END $$"),
		       false, &ignored);
}

static int run_large(struct talk *t, struct str sql)
{
	if (begin(t) < 0)
		return -1;
	if (lay_down(t, sql) < 0) {
		end(t, "RollbackTransaction");
		/* What was not committed was not done: that is known. */
		if (t->c->err.kind == ERROR_TIMEOUT)
			t->c->err.kind = ERROR_UNAVAILABLE;
		return -1;
	}
	return end(t, "CommitTransaction");
}

static int ask(struct talk *t, struct str sql, struct value *out)
{
	struct value ignored;
	int result;

	if (begin(t) < 0)
		return -1;
	result = execute(t, STR("SET TRANSACTION READ ONLY"), false, &ignored);
	if (result == 0)
		result = execute(t, sql, false, out);
	if (t->transaction.n) {
		struct error why = t->c->err;

		/* Nothing was changed: how it ends does not matter. */
		end(t, "RollbackTransaction");
		t->c->err = why;
	}
	return result;
}

/* The first of a list that is not empty, or null. */
static struct value first(const struct value *list)
{
	return list && list->kind == VALUE_LIST && list->as.list.n
		   ? list->as.list.items[0]
		   : value_null();
}

/* {"records": [[{"stringValue": …}, …], …]} and its like. */
static void take_answer(struct value answer, struct arena *a,
			struct sql_answer *out)
{
	struct value row, cell = value_null();

	out->is_null = true;
	if (answer.kind == VALUE_MAP) {
		row = first(value_get(answer, "records"));
		cell = first(&row);
	}
	if (cell.kind != VALUE_MAP || cell.as.map.n == 0 ||
	    value_true(cell, "isNull"))
		return;
	out->is_null = false;
	out->text = value_get(cell, "booleanValue")
			? value_true(cell, "booleanValue") ? STR("t") : STR("f")
			: aws_text(cell, str_c(cell.as.map.entries[0].key, a));
}

enum step reach_data_run(struct call *c, const struct reach_cluster *k,
			 const struct sql_job *job, struct sql_answer *out)
{
	struct talk t = {
		.c = c,
		.k = k,
		.database = job->at.database,
		.is_change = job->is_change,
		.answer = out,
	};
	struct value answer = value_null();
	int result;

	if (!job->is_change)
		result = ask(&t, job->sql, &answer);
	else if (job->sql.n > STATEMENT_MAX)
		result = run_large(&t, job->sql);
	else
		result = execute(&t, job->sql, true, &answer);
	if (result < 0)
		return STEP_FAILED;
	take_answer(answer, c->arena, out);
	return STEP_DONE;
}
