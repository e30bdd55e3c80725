#include <config.h>

#include "providers/types/types.h"

#include <stddef.h>

const struct type_schema *const type_schemas[] = {
	&data_schema,
	&database_schema,
	&db_cluster_parameter_group_schema,
	&db_cluster_schema,
	&db_instance_schema,
	&db_parameter_group_schema,
	&db_subnet_group_schema,
	&dms_certificate_schema,
	&dms_endpoint_schema,
	&dms_task_schema,
	&elastic_ip_schema,
	&endpoint_service_schema,
	&fixture_schema,
	&iam_role_schema,
	&instance_profile_schema,
	&instance_schema,
	&internet_gateway_schema,
	&listener_schema,
	&load_balancer_schema,
	&log_group_schema,
	&nat_gateway_schema,
	&network_interface_schema,
	&random_password_schema,
	&replication_instance_schema,
	&replication_subnet_group_schema,
	&route_table_schema,
	&secret_schema,
	&security_group_rule_schema,
	&security_group_schema,
	&sql_database_schema,
	&subnet_schema,
	&target_group_schema,
	&vpc_endpoint_schema,
	&vpc_schema,
	NULL,
};
