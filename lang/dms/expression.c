#include <config.h>

#include "lang/dms/expression.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/library.h"
#include "lang/suggest.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { EXPRESSION_MAX = 64 << 10 };

/* SQLite's functions, without their "sqlite3_": see lang/base/library.h. */
#define SQLITE_FUNCTIONS(F)                                                    \
	F(bind_parameter_count)                                                \
	F(bind_parameter_name)                                                 \
	F(close)                                                               \
	F(create_function_v2)                                                  \
	F(errmsg)                                                              \
	F(finalize)                                                            \
	F(open_v2)                                                             \
	F(prepare_v2)                                                          \
	F(set_authorizer)

struct sqlite {
#define MEMBER(name) __typeof__(sqlite3_##name) *name;
	SQLITE_FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct sqlite sqlite;

static int load(struct error *err)
{
#define ENTRY(name) { "sqlite3_" #name, offsetof(struct sqlite, name) },
	static const struct library_function functions[] = { SQLITE_FUNCTIONS(
	    ENTRY) };
#undef ENTRY
	static struct library library = {
		.file = LIBSQLITE3_FILE,
		.functions = functions,
		.n_functions = sizeof(functions) / sizeof(*functions),
		.pointers = &sqlite,
	};

	return library_load(&library, err);
}

struct expression_reader {
	sqlite3 *db;
	unsigned n_selects; /* of the statement that is being read */
	struct arena *arena;
	struct str unknown_function;
};

/* Documented for DMS; all but the last three are SQLite's. */
static const char *const functions[] = {
	"lower",      "upper",	      "ltrim",	     "rtrim",
	"trim",	      "replace",      "substr",	     "hex",
	"randomblob", "zeroblob",     "abs",	     "random",
	"round",      "max",	      "min",	     "coalesce",
	"ifnull",     "nullif",	      "date",	     "time",
	"datetime",   "julianday",    "strftime",    "like",
	"glob",	      "replaceChars", "hash_sha256", "operation_indicator",
};

static const char *const facts[] = {
	"AR_M_SOURCE_SCHEMA",
	"AR_M_SOURCE_TABLE_NAME",
	"AR_M_SOURCE_COLUMN_NAME",
	"AR_M_SOURCE_COLUMN_DATATYPE",
	"AR_H_STREAM_POSITION",
	"AR_H_TIMESTAMP",
	"AR_H_COMMIT_TIMESTAMP",
	"AR_H_OPERATION",
	"AR_H_USER",
	"AR_H_CHANGE_SEQ",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_known(struct str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, list[i]))
			return true;
	return false;
}

/* They are only read, never run. */
static void nothing(sqlite3_context *c, int n, sqlite3_value **values)
{
	(void)c;
	(void)n;
	(void)values;
}

static bool is_function(struct str name)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		struct str known = str_from(functions[i]);
		size_t k = 0;

		while (k < name.n && known.n == name.n &&
		       (name.s[k] | 0x20) == (known.s[k] | 0x20))
			k++;
		if (known.n == name.n && k == name.n)
			return true;
	}
	return false;
}

/* What a statement would do, as SQLite reads it: nothing but compute. */
static int judge(void *data, int what, const char *first, const char *second,
		 const char *database, const char *trigger)
{
	struct expression_reader *r = data;

	(void)first;
	(void)database;
	(void)trigger;
	if (what == SQLITE_SELECT)
		return ++r->n_selects > 1 ? SQLITE_DENY : SQLITE_OK;
	if (what != SQLITE_FUNCTION)
		return SQLITE_DENY;
	if (!is_function(str_from(second)) && r->unknown_function.n == 0)
		r->unknown_function = str_dup(str_from(second), r->arena);
	return SQLITE_OK;
}

static int open_database(struct expression_reader *r, struct error *err)
{
	static const struct {
		const char *name;
		int n_arguments;
	} of_dms[] = {
		{ "replaceChars", 3 },
		{ "hash_sha256", 1 },
		{ "operation_indicator", 3 },
	};

	if (r->db)
		return 0;
	if (load(err) < 0)
		return -1;
	if (sqlite.open_v2(":memory:", &r->db,
			   SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY |
			       SQLITE_OPEN_NOMUTEX,
			   NULL) != SQLITE_OK)
		BUG("no memory for SQLite");
	for (size_t i = 0; i < COUNT(of_dms); i++)
		sqlite.create_function_v2(r->db, of_dms[i].name,
					  of_dms[i].n_arguments, SQLITE_UTF8,
					  NULL, nothing, NULL, NULL, NULL);
	sqlite.set_authorizer(r->db, judge, r);
	return 0;
}

struct expression_reader *expression_open(void)
{
	struct expression_reader *r = xmalloc(sizeof(*r));

	*r = (struct expression_reader){ 0 };
	return r;
}

void expression_close(struct expression_reader *r)
{
	if (r->db)
		sqlite.close(r->db);
	free(r);
}

/* Reads one statement; NULL, with SQLite's reason, where it cannot be read. */
static sqlite3_stmt *prepare(struct expression_reader *r, struct str sql,
			     struct arena *a, struct str *why)
{
	sqlite3_stmt *out = NULL;

	r->n_selects = 0;
	if (sqlite.prepare_v2(r->db, sql.s, (int)sql.n, &out, NULL) ==
		SQLITE_OK &&
	    out)
		return out;
	*why = r->n_selects > 1 ? STR("an expression has no SELECT in it")
				: str_dup(str_from(sqlite.errmsg(r->db)), a);
	return NULL;
}

/* $name, and of those that begin with AR_ the ones that there are. */
static enum expression_verdict check_names(sqlite3_stmt *s, struct arena *a,
					   struct str *why, struct str *hint)
{
	int n = sqlite.bind_parameter_count(s);

	for (int i = 1; i <= n; i++) {
		struct str name = str_from(sqlite.bind_parameter_name(s, i));
		struct suggest near;

		if (name.n < 2 || name.s[0] != '$') {
			*why = str_fmt(a, "\"%.*s\" is no name of a column",
				       STR_ARG(name.n ? name : STR("?")));
			*hint = STR("A column is written $name.");
			return EXPRESSION_WRONG;
		}
		name = str_skip(name, 1);
		if ((!str_starts(name, "AR_M_") &&
		     !str_starts(name, "AR_H_")) ||
		    is_known(name, facts, COUNT(facts)))
			continue;
		near = suggest_start(name);
		for (size_t k = 0; k < COUNT(facts); k++)
			suggest_try(&near, str_from(facts[k]));
		*why = str_fmt(a, "DMS gives no \"$%.*s\"", STR_ARG(name));
		if (near.best.n)
			*hint = str_fmt(a, "Did you mean \"$%.*s\"?",
					STR_ARG(near.best));
		return EXPRESSION_WRONG;
	}
	return EXPRESSION_GOOD;
}

enum expression_verdict expression_read(struct expression_reader *r,
					struct str text, struct arena *a,
					struct str *why, struct str *hint)
{
	enum expression_verdict verdict = EXPRESSION_WRONG;
	struct error err = { 0 };
	sqlite3_stmt *bare, *whole;

	*why = *hint = STR("");
	r->arena = a;
	r->unknown_function = STR("");
	if (text.n > EXPRESSION_MAX) {
		*why = STR("an expression is longer than 64 KiB");
		return EXPRESSION_WRONG;
	}
	if (open_database(r, &err) < 0) {
		*why = str_dup(str_from(err.message), a);
		return EXPRESSION_WRONG;
	}
	/*
	 * Only an expression can stand both bare and in parentheses: "1, 2",
	 * "1 AS x" and "1) + (2" cannot.
	 */
	bare = prepare(r, str_fmt(a, "SELECT %.*s", STR_ARG(text)), a, why);
	whole = bare ? prepare(r, str_fmt(a, "SELECT (%.*s\n)", STR_ARG(text)),
			       a, why)
		     : NULL;
	if (whole)
		verdict = check_names(whole, a, why, hint);
	else if (str_starts(*why, "no such column"))
		*hint = STR("A column is written $name, a text in single "
			    "quotes.");
	sqlite.finalize(bare);
	sqlite.finalize(whole);
	if (verdict == EXPRESSION_GOOD && r->unknown_function.n) {
		*why =
		    str_fmt(a, "nothing says that DMS has a function \"%.*s\"",
			    STR_ARG(r->unknown_function));
		return EXPRESSION_DOUBTFUL;
	}
	return verdict;
}
