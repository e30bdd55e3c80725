#include <config.h>

#include "providers/aws/service.h"

#include <stddef.h>

#define END                                                                    \
	{                                                                      \
		NULL, ERROR_NONE, NULL, NULL                                   \
	}

static const struct aws_fault dms_faults[] = {
	{ "AccessDeniedFault", ERROR_DENIED, NULL, NULL },
	{ "CollectorNotFoundFault", ERROR_NOT_FOUND, NULL, NULL },
	{ "FailedDependencyFault", ERROR_CONFLICT, NULL, NULL },
	{ "InsufficientResourceCapacityFault", ERROR_QUOTA, NULL, NULL },
	{ "InvalidCertificateFault", ERROR_INVALID, NULL, NULL },
	{ "InvalidResourceStateFault", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidSubnet", ERROR_INVALID, NULL, NULL },
	{ "KMSKeyNotAccessibleFault", ERROR_DENIED, NULL, NULL },
	{ "ReplicationSubnetGroupDoesNotCoverEnoughAZs", ERROR_INVALID, NULL,
	  NULL },
	{ "ResourceAlreadyExistsFault", ERROR_EXISTS, NULL, NULL },
	{ "ResourceNotFoundFault", ERROR_NOT_FOUND, NULL, NULL },
	{ "ResourceQuotaExceededFault", ERROR_QUOTA, NULL, NULL },
	{ "StorageQuotaExceededFault", ERROR_QUOTA, NULL, NULL },
	{ "SubnetAlreadyInUse", ERROR_CONFLICT, NULL, NULL },
	{ "UpgradeDependencyFailureFault", ERROR_CONFLICT, NULL, NULL },
	END,
};

const struct aws_service aws_dms = {
	.name = "dms",
	.host = "dms",
	.env = "DATABASE_MIGRATION_SERVICE",
	.protocol = AWS_JSON,
	.target = "AmazonDMSv20160101.",
	.faults = dms_faults,
};

struct str aws_signing_region(const struct aws_service *s, struct str region)
{
	static const struct {
		const char *prefix, *region;
	} regions[] = {
		{ "cn-", "cn-north-1" },
		{ "us-gov-", "us-gov-west-1" },
		{ "us-isob-", "us-isob-east-1" },
		{ "us-isof-", "us-isof-south-1" },
		{ "us-iso-", "us-iso-east-1" },
		{ "eu-isoe-", "eu-isoe-west-1" },
		{ "eusc-", "eusc-de-east-1" },
	};

	if (!s->is_global)
		return region;
	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (str_starts(region, regions[i].prefix))
			return str_from(regions[i].region);
	return STR("us-east-1");
}
