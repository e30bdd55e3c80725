#ifndef DMSL_PROVIDERS_LOCAL_TYPES_H
#define DMSL_PROVIDERS_LOCAL_TYPES_H

/* The functions of the local types, for the table in local.c. */

#include "engine/provider.h"

struct local;
struct record;

extern const struct resource_ops local_vpc_ops;
extern const struct resource_ops local_subnet_ops;
extern const struct resource_ops local_load_balancer_ops;
extern const struct resource_ops local_target_group_ops;
extern const struct resource_ops local_listener_ops;
extern const struct resource_ops local_endpoint_service_ops;
extern const struct resource_ops local_vpc_endpoint_ops;
extern const struct resource_ops local_db_cluster_ops;
extern const struct resource_ops local_db_instance_ops;
extern const struct resource_ops local_secret_ops;

/* The number of each VPC of the stack, in its record and held (network.h). */
int vpc_claim_all(struct local *l, struct arena *a, struct error *err);

/* Recorded types: data is a struct recorded. */
extern const struct resource_ops local_recorded_ops;

struct recorded {
	const char *prefix; /* of ids: "igw-"; NULL: the name is the id */
	size_t name_max;    /* of the attribute `name`; 0: it has none */
	const char *arn_service, *arn_kind; /* attribute arn, or NULL */
	/* MAY. Further computed attributes. */
	int (*fill)(struct call *c, struct record *r);
	/* MAY. After the record was written: what follows from it. */
	int (*apply)(struct call *c, struct record *r);
	/* MAY. Before the record is removed. */
	int (*empty)(struct call *c, struct record *r);
};

extern const struct recorded recorded_internet_gateway;
extern const struct recorded recorded_elastic_ip;
extern const struct recorded recorded_nat_gateway;
extern const struct recorded recorded_route_table;
extern const struct recorded recorded_security_group;
extern const struct recorded recorded_security_group_rule;
extern const struct recorded recorded_network_interface;
extern const struct recorded recorded_iam_role;
extern const struct recorded recorded_instance_profile;
extern const struct recorded recorded_instance;
extern const struct recorded recorded_database;
/* The functions of local_recorded_ops; type->data is a struct recorded. */
enum step recorded_read(struct call *c);
enum step recorded_create(struct call *c);
enum step recorded_update(struct call *c);
enum step recorded_destroy(struct call *c);
extern const struct recorded recorded_dms_certificate;
extern const struct recorded recorded_log_group;
extern const struct recorded recorded_db_subnet_group;
extern const struct recorded recorded_db_parameter_group;
extern const struct recorded recorded_db_cluster_parameter_group;

#endif
