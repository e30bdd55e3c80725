#ifndef DMSL_PROVIDERS_AWS_RDS_H
#define DMSL_PROVIDERS_AWS_RDS_H

/*
 * What the RDS types share: how their tags are changed, which versions there
 * are, and restarts for parameters that a server takes only when it starts.
 * Private to the folder.
 */

#include "providers/aws/type.h"

/* The part of a struct aws_tagging that is the same for all of them. */
#define RDS_TAGGING                                                            \
	.items = "TagList/Tag", .add = "AddTagsToResource",                    \
	.remove = "RemoveTagsFromResource", .target = "ResourceName",          \
	.tags = "Tags", .keys = "TagKeys"

extern const struct aws_type aws_db_cluster;
extern const struct aws_type aws_db_cluster_parameter_group;
extern const struct aws_type aws_db_instance;
extern const struct aws_type aws_db_parameter_group;
extern const struct aws_type aws_db_subnet_group;

/* The engine's name in requests. */
#define RDS_ENGINE "aurora-postgresql"

/* "15" holds for 15.4, not for 150.1. */
bool rds_version_holds(struct str wanted, struct str version);
/*
 * The newest version that `wanted` holds for; it is itself where the service
 * does not tell versions. -1 when there is none.
 */
int rds_version(struct call *c, struct str wanted, struct str *out);

/* The cluster; null when it is gone. */
int rds_cluster(struct call *c, struct str id, struct value *out);
/* The id of its writer, or empty. */
struct str rds_writer(struct value cluster, struct arena *a);
/* The instance; null when it is gone. */
int rds_instance(struct call *c, struct str id, struct value *out);
/*
 * Restarts the cluster's servers that wait for it, the writer first, until none
 * does. Done at once where none does.
 */
enum step rds_restart(struct call *c, struct str cluster);
/* Restarts one server that waits for it with its own parameter group. */
enum step rds_restart_one(struct call *c, struct value instance);

#endif
