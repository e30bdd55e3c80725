#include <config.h>

#include "providers/replicator/ops.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/dms/mapping.h"
#include "lang/dms/mapping_local.h"
#include "lang/dms/settings.h"
#include "providers/replicator/fault.h"
#include "providers/replicator/obj.h"
#include "providers/replicator/progress.h"
#include "providers/replicator/run.h"
#include "providers/replicator/server.h"

#include <string.h>

enum { TASKS_MAX = 600 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct op_filter filters[] = {
	{ "replication-task-arn", "ReplicationTaskArn", false },
	{ "replication-task-id", "ReplicationTaskIdentifier", true },
	{ "migration-type", "MigrationType", false },
	{ "endpoint-arn", "SourceEndpointArn|TargetEndpointArn", false },
	{ "replication-instance-arn", "ReplicationInstanceArn", false },
};

static bool is_active(const struct item *task)
{
	struct str status = value_text(task->v, "Status");

	return str_is(status, "starting") || str_is(status, "running") ||
	       str_is(status, "stopping");
}

static struct value show_task(struct server *s, const struct item *item,
			      struct value in, struct arena *a)
{
	struct value v = op_public(value_copy(item->v, a), a);
	struct progress *p =
	    run_progress(s->runs, value_text(v, "ReplicationTaskArn"));

	if (value_true(in, "WithoutSettings")) {
		v = value_with(v, STR("TableMappings"), value_null(), a);
		v = value_with(v, STR("ReplicationTaskSettings"), value_null(),
			       a);
		v = op_public(v, a);
	}
	if (p)
		v = value_with(v, STR("ReplicationTaskStats"),
			       progress_stats(p, is_active(item), a), a);
	return v;
}

static struct value passing(struct server *s, const struct item *item,
			    const char *status, struct arena *a)
{
	struct value v = show_task(s, item, value_null(), a);

	if (status)
		v = value_with(v, STR("Status"), value_c(status), a);
	return op_answer("ReplicationTask", v, a);
}

static int check_type(struct str type, struct fault *f)
{
	if (str_is(type, "full-load"))
		return 0;
	if (str_is(type, "cdc") || str_is(type, "full-load-and-cdc"))
		return fault_set(f, "InvalidParameterValueException",
				 "This replication server runs tasks of type "
				 "full-load only, not %.*s.",
				 STR_ARG(type));
	return fault_set(f, "InvalidParameterValueException",
			 "Invalid migration type: '%.*s'.", STR_ARG(type));
}

static int check_mapping(struct str json, struct fault *f)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct mapping_local local;
	struct mapping m;
	int rc = mapping_read(json, &a, &m, &err);

	if (rc == 0)
		rc = mapping_check_local(&m, &local, &err);
	if (rc < 0)
		fault_set(f, "InvalidParameterValueException", "%s",
			  err.message);
	arena_release(&a);
	return rc;
}

static int complete_settings(struct str json, struct arena *a, struct str *full,
			     struct fault *f)
{
	struct error err = { 0 };

	if (settings_complete(json.n ? json : STR("{}"), a, full, &err) < 0)
		return fault_set(f, "InvalidParameterValueException", "%s",
				 err.message);
	return 0;
}

/* Changes cannot be followed, so there is no position to start or stop at. */
static int refuse_positions(struct value in, struct fault *f)
{
	static const char *const names[] = { "CdcStartPosition", "CdcStartTime",
					     "CdcStopPosition" };

	for (size_t i = 0; i < COUNT(names); i++) {
		const struct value *v = value_get(in, names[i]);

		if (v && !value_is_null(*v))
			return fault_set(f,
					 "InvalidParameterCombinationException",
					 "%s is not valid for a task of type "
					 "full-load.",
					 names[i]);
	}
	return 0;
}

static int need_endpoint(struct server *s, struct value in, const char *key,
			 const char *type, struct str *arn, struct fault *f)
{
	struct item *item;

	if (op_need(in, key, arn, f) < 0)
		return -1;
	item = book_find(&s->book, BOOK_ENDPOINT, "EndpointArn", *arn);
	if (!item)
		return fault_set(f, "ResourceNotFoundFault",
				 "Endpoint '%.*s' not found.", STR_ARG(*arn));
	if (!str_is(value_text(item->v, "EndpointType"), type))
		return fault_set(f, "InvalidParameterValueException",
				 "Invalid %s endpoint '%.*s': endpoint must be "
				 "of type %s.",
				 key[0] == 'S' ? "source" : "target",
				 STR_ARG(*arn), type);
	return 0;
}

int op_create_task(struct server *s, struct value in, struct arena *a,
		   struct value *out, struct fault *f)
{
	static const char key[] = "ReplicationTaskIdentifier";
	struct str id, source, target, instance, type, mappings, full, resource;
	struct obj o = { .n = 0 };
	struct value tags;
	struct str arn;

	if (op_need(in, key, &id, f) < 0 || op_check_id(key, id, 255, f) < 0 ||
	    need_endpoint(s, in, "SourceEndpointArn", "SOURCE", &source, f) <
		0 ||
	    need_endpoint(s, in, "TargetEndpointArn", "TARGET", &target, f) <
		0 ||
	    op_need(in, "ReplicationInstanceArn", &instance, f) < 0 ||
	    op_need(in, "MigrationType", &type, f) < 0 ||
	    op_need(in, "TableMappings", &mappings, f) < 0 ||
	    op_resource_id(in, a, &resource, f) < 0 ||
	    op_read_tags(value_null(), value_get(in, "Tags"), a, &tags, f) < 0)
		return -1;
	if (!book_find(&s->book, BOOK_INSTANCE, "ReplicationInstanceArn",
		       instance))
		return fault_set(f, "ResourceNotFoundFault",
				 "Replication instance '%.*s' not found.",
				 STR_ARG(instance));
	id = op_lower(id, a);
	arn = server_arn(s, "task", resource, a);
	if (book_find(&s->book, BOOK_TASK, key, id) ||
	    book_find(&s->book, BOOK_TASK, "ReplicationTaskArn", arn))
		return fault_set(f, "ResourceAlreadyExistsFault",
				 "Replication task '%.*s' already exists.",
				 STR_ARG(id));
	if (s->book.n[BOOK_TASK] >= TASKS_MAX)
		return fault_set(f, "ResourceQuotaExceededFault",
				 "At most %d tasks are allowed.", TASKS_MAX);
	if (check_type(type, f) < 0 || refuse_positions(in, f) < 0 ||
	    check_mapping(mappings, f) < 0 ||
	    complete_settings(value_text(in, "ReplicationTaskSettings"), a,
			      &full, f) < 0)
		return -1;
	obj_str(&o, key, id);
	obj_str(&o, "ReplicationTaskArn", arn);
	obj_str(&o, "SourceEndpointArn", source);
	obj_str(&o, "TargetEndpointArn", target);
	obj_str(&o, "ReplicationInstanceArn", instance);
	obj_str(&o, "MigrationType", type);
	obj_str(&o, "TableMappings", mappings);
	obj_str(&o, "ReplicationTaskSettings", full);
	obj_c(&o, "Status", "ready");
	obj_time(&o, "ReplicationTaskCreationDate", server_time_ms(), a);
	obj_value(&o, "_tags", tags);
	*out = passing(s, book_add(&s->book, BOOK_TASK, obj_done(&o, a)),
		       "creating", a);
	return 0;
}

static int need_task(struct server *s, struct value in, struct item **out,
		     struct fault *f)
{
	static const char key[] = "ReplicationTaskArn";
	struct str arn;

	if (op_need(in, key, &arn, f) < 0)
		return -1;
	*out = book_find(&s->book, BOOK_TASK, key, arn);
	if (!*out)
		return fault_set(f, "ResourceNotFoundFault",
				 "Replication task '%.*s' not found.",
				 STR_ARG(arn));
	return 0;
}

int op_modify_task(struct server *s, struct value in, struct arena *a,
		   struct value *out, struct fault *f)
{
	static const char key[] = "ReplicationTaskIdentifier";
	struct str id = value_text(in, key);
	struct str type = value_text(in, "MigrationType");
	struct str mappings = value_text(in, "TableMappings");
	struct str settings = value_text(in, "ReplicationTaskSettings");
	struct item *item;
	struct value v;

	if (need_task(s, in, &item, f) < 0 || refuse_positions(in, f) < 0)
		return -1;
	if (is_active(item))
		return fault_set(
		    f, "InvalidResourceStateFault",
		    "Replication Task, excluding logging severity "
		    "task settings, cannot be modified while it is "
		    "running state");
	v = value_copy(item->v, a);
	if (id.n) {
		struct item *other;

		if (op_check_id(key, id, 255, f) < 0)
			return -1;
		id = op_lower(id, a);
		other = book_find(&s->book, BOOK_TASK, key, id);
		if (other && other != item)
			return fault_set(f, "ResourceAlreadyExistsFault",
					 "Replication task '%.*s' already "
					 "exists.",
					 STR_ARG(id));
		v = value_with(v, str_from(key), value_str(id), a);
	}
	if (type.n && check_type(type, f) < 0)
		return -1;
	if (mappings.n) {
		if (check_mapping(mappings, f) < 0)
			return -1;
		v = value_with(v, STR("TableMappings"), value_str(mappings), a);
	}
	if (settings.n) {
		struct str full;

		if (complete_settings(settings, a, &full, f) < 0)
			return -1;
		v = value_with(v, STR("ReplicationTaskSettings"),
			       value_str(full), a);
	}
	item_replace(item, v);
	*out = passing(s, item, "modifying", a);
	return 0;
}

int op_delete_task(struct server *s, struct value in, struct arena *a,
		   struct value *out, struct fault *f)
{
	struct item *item;
	struct str arn;

	if (need_task(s, in, &item, f) < 0)
		return -1;
	if (is_active(item))
		return fault_set(f, "InvalidResourceStateFault",
				 "Replication Task cannot be deleted while it "
				 "is running; stop it first.");
	*out = passing(s, item, "deleting", a);
	arn = str_dup(value_text(item->v, "ReplicationTaskArn"), a);
	book_remove(&s->book, BOOK_TASK, item);
	run_forget(s->runs, arn);
	return 0;
}

int op_describe_tasks(struct server *s, struct value in, struct arena *a,
		      struct value *out, struct fault *f)
{
	static const struct op_list list = {
		.kind = BOOK_TASK,
		.member = "ReplicationTasks",
		.filters = filters,
		.n_filters = COUNT(filters),
		.what = "Tasks",
		.show = show_task,
	};

	return op_list(s, &list, in, a, out, f);
}

static int check_tested(struct server *s, const struct item *task,
			const char *key, struct fault *f)
{
	struct str endpoint = value_text(task->v, key);
	struct str instance = value_text(task->v, "ReplicationInstanceArn");

	for (struct item *i = s->book.first[BOOK_CONNECTION]; i; i = i->next)
		if (str_eq(value_text(i->v, "EndpointArn"), endpoint) &&
		    str_eq(value_text(i->v, "ReplicationInstanceArn"),
			   instance) &&
		    str_is(value_text(i->v, "Status"), "successful"))
			return 0;
	return fault_set(f, "InvalidResourceStateFault",
			 "Test connection for replication instance %.*s and "
			 "endpoint %.*s should be successful for starting the "
			 "replication task",
			 STR_ARG(instance), STR_ARG(endpoint));
}

static int check_start(const struct item *task, struct str type,
		       enum run_start *how, struct fault *f)
{
	static const char fault[] = "InvalidParameterCombinationException";
	bool has_run = value_true(task->v, "_has_run");

	if (str_is(type, "start-replication")) {
		*how = RUN_FIRST;
		if (has_run)
			return fault_set(
			    f, fault,
			    "Start Type : START_REPLICATION, valid "
			    "only for tasks running for the first "
			    "time");
		return 0;
	}
	if (str_is(type, "resume-processing"))
		*how = RUN_RESUME;
	else if (str_is(type, "reload-target"))
		*how = RUN_RELOAD;
	else
		return fault_set(f, "InvalidParameterValueException",
				 "Invalid start type: '%.*s'.", STR_ARG(type));
	if (!has_run)
		return fault_set(f, fault,
				 "Start Type : %s, not valid for tasks that "
				 "have not run yet; use start-replication",
				 *how == RUN_RESUME ? "RESUME_PROCESSING"
						    : "RELOAD_TARGET");
	return 0;
}

int op_start_task(struct server *s, struct value in, struct arena *a,
		  struct value *out, struct fault *f)
{
	struct error err = { 0 };
	enum run_start how = RUN_FIRST;
	struct item *item;
	struct obj o = { .n = 0 };
	struct value v;
	struct str type;

	if (need_task(s, in, &item, f) < 0 ||
	    op_need(in, "StartReplicationTaskType", &type, f) < 0 ||
	    refuse_positions(in, f) < 0)
		return -1;
	if (is_active(item))
		return fault_set(f, "InvalidResourceStateFault",
				 "Replication Task cannot be started, invalid "
				 "state");
	if (check_start(item, type, &how, f) < 0 ||
	    check_tested(s, item, "SourceEndpointArn", f) < 0 ||
	    check_tested(s, item, "TargetEndpointArn", f) < 0)
		return -1;
	obj_time(&o, "ReplicationTaskStartDate", server_time_ms(), a);
	v = value_copy(item->v, a);
	v = value_with(v, o.entries[0].key, o.entries[0].value, a);
	v = value_with(v, STR("Status"), value_c("starting"), a);
	v = value_with(v, STR("StopReason"), value_null(), a);
	v = value_with(v, STR("LastFailureMessage"), value_null(), a);
	v = value_with(v, STR("_has_run"), value_bool(true), a);
	item_replace(item, v);
	if (run_start(s->runs, value_text(v, "ReplicationTaskArn"), how, &err) <
	    0) {
		item_set(item, "Status", value_c("failed"));
		return fault_internal(f, &err);
	}
	*out = passing(s, item, NULL, a);
	return 0;
}

int op_stop_task(struct server *s, struct value in, struct arena *a,
		 struct value *out, struct fault *f)
{
	struct item *item;

	if (need_task(s, in, &item, f) < 0)
		return -1;
	if (!str_is(value_text(item->v, "Status"), "running"))
		return fault_set(f, "InvalidResourceStateFault",
				 "Replication task is not running");
	item_set(item, "Status", value_c("stopping"));
	run_stop(s->runs, value_text(item->v, "ReplicationTaskArn"));
	*out = passing(s, item, NULL, a);
	return 0;
}

/* A run reads all its tables as of one instant, and loads each once. */
int op_reload_tables(struct server *s, struct value in, struct arena *a,
		     struct value *out, struct fault *f)
{
	struct item *item;

	(void)a;
	(void)out;
	if (need_task(s, in, &item, f) < 0)
		return -1;
	if (!str_is(value_text(item->v, "Status"), "running"))
		return fault_set(f, "InvalidResourceStateFault",
				 "Replication task is not running");
	return fault_set(f, "InvalidParameterValueException",
			 "This replication server loads each table once a run; "
			 "stop the task and start it with reload-target.");
}

int op_describe_table_statistics(struct server *s, struct value in,
				 struct arena *a, struct value *out,
				 struct fault *f)
{
	static const struct op_filter names[] = {
		{ "schema-name", "SchemaName", false },
		{ "table-name", "TableName", false },
		{ "table-state", "TableState", false },
	};
	struct obj answer = { .n = 0 };
	size_t first, max;
	struct progress *p;
	struct item *item;
	struct value *shown;
	size_t at = 0;
	size_t n = 0;

	if (need_task(s, in, &item, f) < 0 ||
	    op_check_filters(in, names, COUNT(names), f) < 0 ||
	    op_page(in, &first, &max, f) < 0)
		return -1;
	obj_str(&answer, "ReplicationTaskArn",
		str_dup(value_text(item->v, "ReplicationTaskArn"), a));
	shown = arena_new(a, struct value, max);
	p = run_progress(s->runs, value_text(item->v, "ReplicationTaskArn"));
	if (p)
		pthread_mutex_lock(&p->lock);
	/* Without filters a page begins at its own place. */
	if (!value_get(in, "Filters"))
		at = first;
	for (size_t i = at; p && i < p->n; i++) {
		struct value v = progress_show(&p->tables[i], a);

		if (!op_passes(in, names, COUNT(names), v))
			continue;
		if (value_get(in, "Filters") && at++ < first)
			continue;
		if (n == max) {
			obj_str(&answer, "Marker",
				str_fmt(a, "%zu", first + n));
			break;
		}
		shown[n++] = v;
	}
	if (p)
		pthread_mutex_unlock(&p->lock);
	obj_value(&answer, "TableStatistics", value_list(shown, n));
	*out = obj_done(&answer, a);
	return 0;
}
