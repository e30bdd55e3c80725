#ifndef DMSL_PROVIDERS_AWS_PATH_H
#define DMSL_PROVIDERS_AWS_PATH_H

/* Load balancing, PrivateLink, identity, hosts and logs. */

#include "providers/aws/type.h"

extern const struct aws_type aws_endpoint_service;
extern const struct aws_type aws_iam_role;
extern const struct aws_type aws_instance;
extern const struct aws_type aws_instance_profile;
extern const struct aws_type aws_listener;
extern const struct aws_type aws_load_balancer;
extern const struct aws_type aws_log_group;
extern const struct aws_type aws_target_group;
extern const struct aws_type aws_vpc_endpoint;

#endif
