#ifndef DMSL_PROVIDERS_AWS_NETWORK_H
#define DMSL_PROVIDERS_AWS_NETWORK_H

/* The types of a network: all of them EC2's. */

#include "providers/aws/type.h"

extern const struct aws_type aws_elastic_ip;
extern const struct aws_type aws_internet_gateway;
extern const struct aws_type aws_nat_gateway;
extern const struct aws_type aws_network_interface;
extern const struct aws_type aws_route_table;
extern const struct aws_type aws_security_group;
extern const struct aws_type aws_security_group_rule;
extern const struct aws_type aws_subnet;
extern const struct aws_type aws_vpc;

#endif
