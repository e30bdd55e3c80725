/*
 * PostgreSQL servers that are no clusters of AWS. What a `database` block says
 * of one is told when the command begins, from the state, and again when it is
 * made or changed; so the id that others keep need not carry it.
 */
#include <config.h>

#include "providers/aws/reach.h"

#include "lang/base/map.h"
#include "providers/pg/pg.h"

#include <pthread.h>
#include <stdlib.h>

/* By id; what they hold lives as long as the site. */
struct reach_servers {
	pthread_mutex_t lock;
	struct arena arena;
	struct map by_id;
};

struct reach_servers *reach_servers_new(void)
{
	struct reach_servers *s = xrealloc(NULL, 1, sizeof(*s));

	*s = (struct reach_servers){ 0 };
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void reach_servers_free(struct reach_servers *s)
{
	if (!s)
		return;
	map_release(&s->by_id);
	arena_release(&s->arena);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* No name of a cluster has a colon. */
bool reach_is_server(struct str id)
{
	return str_rfind(id, ':') >= 0;
}

void reach_server_know(struct aws_site *w, struct str id, struct value attrs)
{
	struct reach_servers *s = w->servers;
	struct reach_cluster *k;

	pthread_mutex_lock(&s->lock);
	k = arena_new(&s->arena, struct reach_cluster, 1);
	*k = (struct reach_cluster){
		.id = str_dup(id, &s->arena),
		.is_server = true,
		.endpoint = str_dup(value_text(attrs, "host"), &s->arena),
		.port = (int)value_number(attrs, "port", 5432),
		.secret = str_dup(value_text(attrs, "secret"), &s->arena),
		.vpc = str_dup(value_text(attrs, "network"), &s->arena),
		.ssl_mode = pg_ssl_mode(value_text(attrs, "tls")),
	};
	map_put(&s->by_id, k->id, k);
	pthread_mutex_unlock(&s->lock);
}

int reach_server_find(struct aws_site *w, struct str id,
		      struct reach_cluster *out, struct error *err)
{
	struct reach_servers *s = w->servers;
	const struct reach_cluster *k;

	pthread_mutex_lock(&s->lock);
	k = map_get(&s->by_id, id);
	if (k)
		*out = *k;
	pthread_mutex_unlock(&s->lock);
	if (!k)
		return error_set(err, ERROR_UNAVAILABLE,
				 "no database block tells of %.*s",
				 STR_ARG(id));
	if (k->secret.n)
		return 0;
	error_set(err, ERROR_INVALID,
		  "the database block of %.*s names no secret", STR_ARG(id));
	return error_hint(err, "SQL logs in as the user in its secret, "
			       "{ username, password }: set secret there");
}
