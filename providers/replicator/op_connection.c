#include <config.h>

#include "providers/replicator/ops.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/pg/pg.h"
#include "providers/replicator/fault.h"
#include "providers/replicator/obj.h"
#include "providers/replicator/route.h"
#include "providers/replicator/server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * A connection test runs on a thread of its own and notes its result, unless
 * its connection has been deleted or made anew meanwhile (then the token that
 * it started with is not there any more).
 */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct op_filter filters[] = {
	{ "endpoint-arn", "EndpointArn", false },
	{ "replication-instance-arn", "ReplicationInstanceArn", false },
};

struct test {
	struct server *server;
	struct arena mem;
	struct str token;
	struct value endpoint;
};

static struct item *find_connection(struct server *s, struct str endpoint,
				    struct str instance)
{
	struct item *i = s->book.first[BOOK_CONNECTION];

	while (i &&
	       !(str_eq(value_text(i->v, "EndpointArn"), endpoint) &&
		 str_eq(value_text(i->v, "ReplicationInstanceArn"), instance)))
		i = i->next;
	return i;
}

static void note_result(struct test *t, int rc, const struct error *err)
{
	struct server *s = t->server;
	struct error failed = { 0 };
	struct item *item;

	book_lock(&s->book);
	item = book_find(&s->book, BOOK_CONNECTION, "_token", t->token);
	if (item && rc == 0) {
		item_set(item, "Status", value_c("successful"));
	} else if (item) {
		item_set(item, "LastFailureMessage",
			 value_str(str_fmt(
			     &t->mem,
			     "Test Endpoint failed: Application-Status: "
			     "1020912, Application-Message: Failed to "
			     "connect Network error has occurred, "
			     "Application-Detailed-Message: %s",
			     err->message)));
		item_set(item, "Status", value_c("failed"));
	}
	if (item && book_save(&s->book, &failed) < 0)
		server_log(s, "could not save the state: %s", failed.message);
	book_unlock(&s->book);
	server_log(s, "connection test of %.*s: %s",
		   STR_ARG(value_text(t->endpoint, "EndpointIdentifier")),
		   rc == 0 ? "successful" : err->message);
}

static void *run_test(void *arg)
{
	struct test *t = arg;
	struct error err = { 0 };
	struct pg_result r;
	struct pg *c;
	int rc = route_open(t->server, t->endpoint, "dmsl connection test", &c,
			    &err);

	if (rc == 0)
		rc = pg_query(c, "SELECT 1", 0, NULL, &t->mem, &r, &err);
	pg_close(c);
	note_result(t, rc, &err);
	arena_release(&t->mem);
	free(t);
	return NULL;
}

static int start_test(struct server *s, struct value endpoint, struct str token,
		      struct fault *f)
{
	struct test *t = xmalloc(sizeof(*t));
	pthread_attr_t detached;
	pthread_t thread;
	int rc;

	memset(t, 0, sizeof(*t));
	t->server = s;
	t->token = str_dup(token, &t->mem);
	t->endpoint = value_copy(endpoint, &t->mem);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &detached, run_test, t);
	pthread_attr_destroy(&detached);
	if (rc == 0)
		return 0;
	arena_release(&t->mem);
	free(t);
	return fault_set(f, "ResourceQuotaExceededFault",
			 "Too many tests are running; try again later.");
}

int op_test_connection(struct server *s, struct value in, struct arena *a,
		       struct value *out, struct fault *f)
{
	struct str endpoint_arn, instance_arn;
	struct str token = server_new_id(a);
	struct item *endpoint, *instance, *old;
	struct obj o = { .n = 0 };

	if (op_need(in, "ReplicationInstanceArn", &instance_arn, f) < 0 ||
	    op_need(in, "EndpointArn", &endpoint_arn, f) < 0)
		return -1;
	endpoint =
	    book_find(&s->book, BOOK_ENDPOINT, "EndpointArn", endpoint_arn);
	instance = book_find(&s->book, BOOK_INSTANCE, "ReplicationInstanceArn",
			     instance_arn);
	if (!endpoint || !instance)
		return fault_set(
		    f, "ResourceNotFoundFault", "%s '%.*s' not found.",
		    endpoint ? "Replication instance" : "Endpoint",
		    STR_ARG(endpoint ? instance_arn : endpoint_arn));
	old = find_connection(s, endpoint_arn, instance_arn);
	if (old && str_is(value_text(old->v, "Status"), "testing"))
		return fault_set(f, "InvalidResourceStateFault",
				 "The connection is being tested already.");
	if (start_test(s, endpoint->v, token, f) < 0)
		return -1;
	if (old)
		book_remove(&s->book, BOOK_CONNECTION, old);
	obj_str(&o, "EndpointArn", endpoint_arn);
	obj_str(&o, "ReplicationInstanceArn", instance_arn);
	obj_str(&o, "EndpointIdentifier",
		value_text(endpoint->v, "EndpointIdentifier"));
	obj_str(&o, "ReplicationInstanceIdentifier",
		value_text(instance->v, "ReplicationInstanceIdentifier"));
	obj_c(&o, "Status", "testing");
	obj_str(&o, "_token", token);
	*out = op_answer(
	    "Connection",
	    op_public(
		value_copy(
		    book_add(&s->book, BOOK_CONNECTION, obj_done(&o, a))->v, a),
		a),
	    a);
	return 0;
}

int op_delete_connection(struct server *s, struct value in, struct arena *a,
			 struct value *out, struct fault *f)
{
	struct str endpoint, instance;
	struct item *item;
	struct value v;

	if (op_need(in, "ReplicationInstanceArn", &instance, f) < 0 ||
	    op_need(in, "EndpointArn", &endpoint, f) < 0)
		return -1;
	item = find_connection(s, endpoint, instance);
	if (!item)
		return fault_set(f, "ResourceNotFoundFault",
				 "There is no connection between endpoint "
				 "'%.*s' and replication instance '%.*s'.",
				 STR_ARG(endpoint), STR_ARG(instance));
	v = op_public(value_copy(item->v, a), a);
	*out =
	    op_answer("Connection",
		      value_with(v, STR("Status"), value_c("deleting"), a), a);
	book_remove(&s->book, BOOK_CONNECTION, item);
	return 0;
}

int op_describe_connections(struct server *s, struct value in, struct arena *a,
			    struct value *out, struct fault *f)
{
	static const struct op_list list = {
		.kind = BOOK_CONNECTION,
		.member = "Connections",
		.filters = filters,
		.n_filters = COUNT(filters),
	};

	return op_list(s, &list, in, a, out, f);
}
