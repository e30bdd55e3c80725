#include <config.h>

#include "providers/sql/presence.h"

#include "lang/base/buf.h"
#include "lang/base/map.h"
#include "providers/pg/pg.h"
#include "providers/sql/connect.h"
#include "providers/sql/remote.h"

#include <string.h>

/* Those of one database. */
struct group {
	struct call **calls;
	size_t *indices; /* of calls, in all */
	size_t n;
};

/* "101": for each item, in order, whether it is there. */
static struct str question_of(const struct sql_thing *thing,
			      const struct group *g)
{
	struct call *c = g->calls[0];
	struct str out;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_fmt(&b,
		"SELECT string_agg(CASE WHEN item IN (%.*s) THEN '1' ELSE '0' "
		"END, '' ORDER BY n) FROM unnest(ARRAY[",
		STR_ARG(thing->present(c)));
	for (size_t i = 0; i < g->n; i++) {
		buf_add_c(&b, i ? ", " : "");
		buf_add_str(&b, pg_literal(thing->item(g->calls[i]), c->arena));
	}
	buf_add_c(&b, "]) WITH ORDINALITY AS wanted (item, n)");
	out = str_dup(buf_str(&b), c->arena);
	buf_release(&b);
	return out;
}

static void ask_here(struct question *q)
{
	struct call *c = q->c;
	struct pg_result rows;
	struct pg *pg;

	q->answer = (struct sql_answer){ 0 };
	q->result = STEP_FAILED;
	if (sql_connect(c, q->at, &pg, &c->err) < 0)
		return;
	if (pg_query(pg, str_c(q->sql, c->arena), 0, NULL, c->arena, &rows,
		     &c->err) == 0) {
		q->answer.text = rows.cells[0];
		q->result = STEP_DONE;
	} else {
		memcpy(q->answer.state, pg_sqlstate(pg),
		       strnlen(pg_sqlstate(pg), 5));
	}
	pg_close(pg);
}

/* One after the other; who does not answer is not asked once more. */
static void ask_all_here(struct question *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct question *last = i ? &all[i - 1] : NULL;

		if (last && last->c->err.kind == ERROR_UNAVAILABLE &&
		    str_eq(last->at.cluster, all[i].at.cluster)) {
			all[i].c->err = last->c->err;
			all[i].result = STEP_FAILED;
		} else {
			ask_here(&all[i]);
		}
	}
}

/* Neither table nor schema: nothing is there. */
static bool is_nothing(const struct question *q)
{
	return q->result == STEP_FAILED &&
	       (strcmp(q->answer.state, "42P01") == 0 ||
		strcmp(q->answer.state, "3F000") == 0);
}

/* found[i]: as sql_is_present() of group->calls[i]. */
static void take(const struct group *g, const struct question *q, int *found)
{
	struct error why = q->c->err;

	for (size_t i = 0; i < g->n; i++) {
		struct call *c = g->calls[i];
		int *at = &found[g->indices[i]];

		c->err = (struct error){ 0 };
		if (is_nothing(q)) {
			*at = 0;
		} else if (q->result != STEP_DONE) {
			c->err = why;
			*at = -1;
		} else if (q->answer.text.n != g->n) {
			*at = error_set(&c->err, ERROR_CORRUPT,
					"the server's answer is not one for "
					"each of %zu questions",
					g->n);
		} else {
			*at = q->answer.text.s[i] == '1';
		}
	}
}

/* Groups by database, in the order of their first call. */
static size_t group_all(const struct sql_thing *thing,
			struct call *const *calls, size_t n,
			struct group *groups)
{
	struct arena *a = calls[0]->arena;
	struct map known = { 0 };
	size_t n_groups = 0;

	for (size_t i = 0; i < n; i++) {
		struct sql_place at = thing->place(calls[i]);
		struct str key = str_join(at.cluster, "/", at.database, a);
		struct group *g = map_get(&known, key);

		if (!g) {
			g = &groups[n_groups++];
			g->calls = arena_new(a, struct call *, n - i);
			g->indices = arena_new(a, size_t, n - i);
			map_put(&known, key, g);
		}
		g->calls[g->n] = calls[i];
		g->indices[g->n++] = i;
	}
	map_release(&known);
	return n_groups;
}

/* Those that are reached by run() come first; how many they are. */
static size_t remote_first(const struct sql_thing *thing, struct group *all,
			   size_t n)
{
	size_t n_remote = 0;

	for (size_t i = 0; i < n; i++) {
		const struct call *c = all[i].calls[0];
		struct group g = all[i];

		if (!sql_is_remote(c, thing->place(c).cluster))
			continue;
		all[i] = all[n_remote];
		all[n_remote++] = g;
	}
	return n_remote;
}

static void find_all(const struct sql_thing *thing, struct call *const *calls,
		     int *found, size_t n)
{
	struct arena *a = calls[0]->arena;
	struct group *groups = arena_new(a, struct group, n);
	size_t n_groups = group_all(thing, calls, n, groups);
	struct question *all = arena_new(a, struct question, n_groups);
	size_t n_remote = remote_first(thing, groups, n_groups);

	for (size_t i = 0; i < n_groups; i++)
		all[i] = (struct question){
			.c = groups[i].calls[0],
			.host = calls[0]->type->data,
			.at = thing->place(groups[i].calls[0]),
			.sql = question_of(thing, &groups[i]),
		};
	sql_remote_ask_all(all, n_remote);
	ask_all_here(all + n_remote, n_groups - n_remote);
	for (size_t i = 0; i < n_groups; i++)
		take(&groups[i], &all[i], found);
}

int sql_is_present(const struct sql_thing *thing, struct call *c)
{
	int found;

	find_all(thing, &c, &found, 1);
	return found;
}

void sql_read_all(const struct sql_thing *thing, struct call *const *calls,
		  enum step *outcomes, size_t n)
{
	int *found = arena_new(calls[0]->arena, int, n);

	find_all(thing, calls, found, n);
	for (size_t i = 0; i < n; i++) {
		struct call *c = calls[i];

		if (found[i] < 0) {
			outcomes[i] = sql_read_failed(c);
			continue;
		}
		c->is_gone = !found[i];
		c->result = c->prior;
		outcomes[i] = STEP_DONE;
	}
}
