#ifndef DMSL_PROVIDERS_TYPES_TYPES_H
#define DMSL_PROVIDERS_TYPES_TYPES_H

/* The schemas of all resource types, one file a group; ends with NULL. */

#include "engine/schema.h"

/* Durations are in milliseconds and sizes in bytes, in rules too. */
#define SECOND INT64_C(1000)
#define GIB    (INT64_C(1) << 30)

extern const struct type_schema *const type_schemas[];

extern const struct type_schema data_schema;
extern const struct type_schema database_schema;
extern const struct type_schema db_cluster_parameter_group_schema;
extern const struct type_schema db_cluster_schema;
extern const struct type_schema db_instance_schema;
extern const struct type_schema db_parameter_group_schema;
extern const struct type_schema db_subnet_group_schema;
extern const struct type_schema dms_certificate_schema;
extern const struct type_schema dms_endpoint_schema;
extern const struct type_schema dms_task_schema;
extern const struct type_schema elastic_ip_schema;
extern const struct type_schema endpoint_service_schema;
extern const struct type_schema fixture_schema;
extern const struct type_schema iam_role_schema;
extern const struct type_schema instance_profile_schema;
extern const struct type_schema instance_schema;
extern const struct type_schema internet_gateway_schema;
extern const struct type_schema listener_schema;
extern const struct type_schema load_balancer_schema;
extern const struct type_schema log_group_schema;
extern const struct type_schema nat_gateway_schema;
extern const struct type_schema network_interface_schema;
extern const struct type_schema random_password_schema;
extern const struct type_schema replication_instance_schema;
extern const struct type_schema replication_subnet_group_schema;
extern const struct type_schema route_table_schema;
extern const struct type_schema secret_schema;
extern const struct type_schema security_group_rule_schema;
extern const struct type_schema security_group_schema;
extern const struct type_schema sql_database_schema;
extern const struct type_schema subnet_schema;
extern const struct type_schema target_group_schema;
extern const struct type_schema vpc_endpoint_schema;
extern const struct type_schema vpc_schema;

#endif
