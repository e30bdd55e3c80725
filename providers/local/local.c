#include <config.h>

#include "providers/local/local.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/local/balancer.h"
#include "providers/local/command.h"
#include "providers/local/hosts.h"
#include "providers/local/outside.h"
#include "providers/local/process.h"
#include "providers/local/stack.h"
#include "providers/local/types.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>

static const struct attr_schema config_attrs[] = {
	{ "home", "string", ATTR_OPTIONAL, NULL,
	  "The folder of everything local; DMSL_HOME or a place of the system "
	  "when not given." },
	{ 0 },
};

#define RECORDED(type)                                                         \
	{                                                                      \
		.name = #type, .ops = &local_recorded_ops,                     \
		.data = &recorded_##type, .is_simulated = true,                \
	}

static const struct resource_type types[] = {
	{ .name = "vpc", .ops = &local_vpc_ops, .weight = 2 },
	{ .name = "subnet", .ops = &local_subnet_ops },
	RECORDED(internet_gateway),
	RECORDED(elastic_ip),
	RECORDED(nat_gateway),
	RECORDED(route_table),
	RECORDED(security_group),
	RECORDED(security_group_rule),
	RECORDED(network_interface),
	{ .name = "load_balancer", .ops = &local_load_balancer_ops },
	{ .name = "target_group", .ops = &local_target_group_ops },
	{ .name = "listener", .ops = &local_listener_ops, .weight = 1 },
	{ .name = "endpoint_service", .ops = &local_endpoint_service_ops },
	{ .name = "vpc_endpoint", .ops = &local_vpc_endpoint_ops, .weight = 1 },
	{ .name = "db_subnet_group",
	  .ops = &local_recorded_ops,
	  .data = &recorded_db_subnet_group },
	{ .name = "db_cluster_parameter_group",
	  .ops = &local_recorded_ops,
	  .data = &recorded_db_cluster_parameter_group },
	RECORDED(db_parameter_group),
	{ .name = "db_cluster", .ops = &local_db_cluster_ops, .weight = 5 },
	{ .name = "db_instance", .ops = &local_db_instance_ops, .weight = 5 },
	{ .name = "secret", .ops = &local_secret_ops },
	RECORDED(iam_role),
	RECORDED(instance_profile),
	RECORDED(instance),
	RECORDED(log_group),
	{ .name = "database",
	  .ops = &local_database_ops,
	  .data = &recorded_database },
	RECORDED(dms_certificate),
	{ .name = "replication_subnet_group",
	  .ops = &replication_subnet_group_ops,
	  .data = &local_dms_host,
	  .weight = 1 },
	{ .name = "replication_instance",
	  .ops = &replication_instance_ops,
	  .data = &local_dms_host,
	  .weight = 5 },
	{ .name = "dms_endpoint",
	  .ops = &dms_endpoint_ops,
	  .data = &local_dms_host },
	{ .name = "dms_task",
	  .ops = &dms_task_ops,
	  .data = &local_dms_host,
	  .weight = 10,
	  .limit_s = 86400 },
	{ .name = "sql_database",
	  .ops = &sql_database_ops,
	  .data = &local_sql_host,
	  .weight = 1 },
	{ .name = "fixture",
	  .ops = &fixture_ops,
	  .data = &local_sql_host,
	  .weight = 10 },
	{ 0 },
};

static int open_local(const struct provider_setup *s, void **self,
		      struct error *err)
{
	struct local *l;

	if (stack_open(s, &l, err) < 0)
		return -1;
	*self = l;
	return 0;
}

static void close_local(void *self)
{
	stack_close(self);
}

/*
 * By the pid files, not by the records, which are gone already: so that nothing
 * is left over whatever happened before.
 */
static int stop_all(struct local *l, struct arena *a, struct error *err)
{
	DIR *d = opendir(stack_path(l, a, "run"));
	struct dirent *entry;
	int rc = 0;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return error_errno(err, "could not open the stack's folder");
	while (rc == 0 && (entry = readdir(d))) {
		struct str name = str_from(entry->d_name);

		if (!str_ends(name, ".pid"))
			continue;
		name = str_sub(name, 0, name.n - 4);
		/* It goes last: it holds the networks' numbers. */
		if (str_is(name, "haproxy"))
			continue;
		rc = process_stop(l, str_c(name, a),
				  str_starts(name, "db-") ? SIGINT : SIGTERM,
				  str_starts(name, "db-") ? SIGQUIT : SIGTERM,
				  15000, err);
	}
	closedir(d);
	return rc;
}

static int sweep(void *self, struct error *err)
{
	struct local *l = self;
	struct arena a = { 0 };
	int rc = 0;

	/* Who uses the databases ends before them. */
	if (l->folder && (hosts_stop(l, err) < 0 || stop_all(l, &a, err) < 0 ||
			  balancer_stop(l, err) < 0))
		rc = -1;
	if (rc == 0)
		rc = stack_remove(l, err);
	arena_release(&a);
	return rc;
}

const struct provider local_provider = {
	.name = "local",
	.config = config_attrs,
	.types = types,
	.open = open_local,
	.close = close_local,
	.sweep = sweep,
	.command = local_command,
	.command_usage = local_command_usage,
};
