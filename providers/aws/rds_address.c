#include <config.h>

#include "providers/aws/rds_address.h"

#include "providers/aws/rds.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/* Interfaces that may be the writer's, by their addresses. */
static int find_interfaces(struct call *c, struct value cluster,
			   struct value writer, struct value *out)
{
	struct str zone = aws_text(writer, "AvailabilityZone");
	struct str vpc = aws_text(writer, "DBSubnetGroup/VpcId");
	struct value groups = aws_items(
	    cluster, "VpcSecurityGroups/VpcSecurityGroupMembership", c->arena);
	struct fields f = { 0 };
	struct value all, *mine;
	size_t n = 0;

	*out = value_list(NULL, 0);
	if (!groups.as.list.n)
		return 0;
	aws_filter(&f, &aws_ec2, "group-id",
		   aws_text(groups.as.list.items[0], "VpcSecurityGroupId"),
		   c->arena);
	aws_filter(&f, &aws_ec2, "description", STR("RDSNetworkInterface"),
		   c->arena);
	if (vpc.n)
		aws_filter(&f, &aws_ec2, "vpc-id", vpc, c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribeNetworkInterfaces", &f,
			 "networkInterfaceSet/item", &all) < 0)
		return -1;
	mine = arena_new(c->arena, struct value, all.as.list.n + 1);
	for (size_t i = 0; i < all.as.list.n; i++) {
		struct value v = all.as.list.items[i];
		struct str at = aws_text(v, "availabilityZone");
		struct str status = aws_text(v, "status");

		if ((!zone.n || !at.n || str_eq(zone, at)) &&
		    (!status.n || str_is(status, "in-use")))
			mine[n++] = value_str(aws_text(v, "privateIpAddress"));
	}
	*out = value_list(mine, n);
	return 0;
}

/* 10/8, 172.16/12, 192.168/16, and 100.64/10, which a VPC may have too. */
static bool is_private(uint32_t ip)
{
	return ip >> 24 == 10 || ip >> 20 == 0xac1 || ip >> 16 == 0xc0a8 ||
	       ip >> 22 == (0x64400000 >> 22);
}

static bool holds(struct value list, struct str text)
{
	for (size_t i = 0; i < list.as.list.n; i++)
		if (str_eq(list.as.list.items[i].as.text, text))
			return true;
	return false;
}

/*
 * What the name stands for: one of the interfaces or, where none is seen, any
 * address that is private. Failing to find out is no failure.
 */
static struct str resolve(struct call *c, struct str name,
			  struct value interfaces)
{
	struct addrinfo hints = { .ai_family = AF_INET,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	struct str found = { "", 0 };

	if (!name.n ||
	    getaddrinfo(str_c(name, c->arena), NULL, &hints, &list) != 0)
		return found;
	for (struct addrinfo *i = list; i && !found.n; i = i->ai_next) {
		const struct sockaddr_in *in = (const void *)i->ai_addr;
		char text[INET_ADDRSTRLEN];

		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		if (interfaces.as.list.n
			? holds(interfaces, str_from(text))
			: is_private(ntohl(in->sin_addr.s_addr)))
			found = str_dup(str_from(text), c->arena);
	}
	freeaddrinfo(list);
	return found;
}

int rds_address(struct call *c, struct value instance, struct str *out)
{
	struct str id = aws_text(instance, "DBInstanceIdentifier"), writer_id;
	struct value cluster, writer = instance, interfaces;

	*out = (struct str){ "", 0 };
	if (rds_cluster(c, aws_text(instance, "DBClusterIdentifier"),
			&cluster) < 0)
		return -1;
	writer_id = rds_writer(cluster, c->arena);
	if (!writer_id.n)
		return 0;
	if (!str_eq(writer_id, id) && rds_instance(c, writer_id, &writer) < 0)
		return -1;
	if (find_interfaces(c, cluster, writer, &interfaces) < 0)
		return -1;
	if (interfaces.as.list.n == 1)
		*out = interfaces.as.list.items[0].as.text;
	else
		*out = resolve(c, aws_text(cluster, "Endpoint"), interfaces);
	return 0;
}
