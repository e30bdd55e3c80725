#include <config.h>

#include "providers/aws/service.h"

#include <stddef.h>
#include <string.h>

/* -- what codes mean -- */

#define END                                                                    \
	{                                                                      \
		NULL, ERROR_NONE, NULL, NULL                                   \
	}
#define QUOTA(name)                                                            \
	"The quota \"" name                                                    \
	"\" of the account is used up: ask for more in Service Quotas, or "    \
	"delete what is not needed."
#define QUOTA_OF(service)                                                      \
	"A quota of " service                                                  \
	" is used up: ask for more in Service Quotas, or delete what is not "  \
	"needed."
#define CAPACITY                                                               \
	"AWS has no such hardware free there now: try another class or "       \
	"another zone, or later."
#define ADDRESSES                                                              \
	"The subnet has no free addresses left: use a larger one, or delete "  \
	"what is not needed in it."
#define PROTECTED                                                              \
	"It is protected from deletion: turn the protection off, apply that, " \
	"and delete it then."

static const struct aws_fault dms_faults[] = {
	{ "AccessDeniedFault", ERROR_DENIED, NULL, NULL },
	{ "CollectorNotFoundFault", ERROR_NOT_FOUND, NULL, NULL },
	{ "FailedDependencyFault", ERROR_CONFLICT, NULL, NULL },
	{ "InsufficientResourceCapacityFault", ERROR_QUOTA, NULL, CAPACITY },
	{ "InvalidCertificateFault", ERROR_INVALID, NULL, NULL },
	{ "InvalidResourceStateFault", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidSubnet", ERROR_INVALID, NULL, NULL },
	{ "KMSKeyNotAccessibleFault", ERROR_DENIED, NULL, NULL },
	{ "KMSThrottlingFault", ERROR_THROTTLED, NULL, NULL },
	{ "ReplicationSubnetGroupDoesNotCoverEnoughAZs", ERROR_INVALID, NULL,
	  NULL },
	{ "ResourceAlreadyExistsFault", ERROR_EXISTS, NULL, NULL },
	{ "ResourceNotFoundFault", ERROR_NOT_FOUND, NULL, NULL },
	{ "ResourceQuotaExceededFault", ERROR_QUOTA, NULL,
	  QUOTA_OF("AWS DMS") },
	{ "StorageQuotaExceededFault", ERROR_QUOTA, NULL,
	  QUOTA("Total storage") },
	{ "SubnetAlreadyInUse", ERROR_CONFLICT, NULL, NULL },
	{ "UpgradeDependencyFailureFault", ERROR_CONFLICT, NULL, NULL },
	END,
};

static const struct aws_fault ec2_faults[] = {
	{ "RequestLimitExceeded", ERROR_THROTTLED, NULL, NULL },
	{ "BandwidthLimitExceeded", ERROR_THROTTLED, NULL, NULL },
	{ "*.NotFound", ERROR_NOT_FOUND, NULL, NULL },
	{ "NatGatewayNotFound", ERROR_NOT_FOUND, NULL, NULL },
	{ "Gateway.NotAttached", ERROR_NOT_FOUND, NULL, NULL },
	{ "InvalidAMIID.Unavailable", ERROR_NOT_FOUND, NULL, NULL },
	{ "InvalidServiceName", ERROR_NOT_FOUND, NULL, NULL },
	{ "*.Duplicate", ERROR_EXISTS, NULL, NULL },
	{ "RouteAlreadyExists", ERROR_EXISTS, NULL, NULL },
	{ "Resource.AlreadyAssociated", ERROR_EXISTS, NULL, NULL },
	{ "InvalidSubnet.Conflict", ERROR_EXISTS, NULL, NULL },
	{ "*.InUse", ERROR_CONFLICT, NULL, NULL },
	{ "ConcurrentTagAccess", ERROR_CONFLICT, NULL, NULL },
	{ "DependencyViolation", ERROR_CONFLICT, NULL, NULL },
	{ "ExistingVpcEndpointConnections", ERROR_CONFLICT, NULL, NULL },
	{ "IncorrectInstanceState", ERROR_CONFLICT, NULL, NULL },
	{ "IncorrectState", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidParameter", ERROR_CONFLICT, "conflicting DNS domain", NULL },
	{ "InvalidParameterValue", ERROR_CONFLICT,
	  "Invalid IAM Instance Profile", NULL },
	{ "InvalidParameterValue", ERROR_CONFLICT, "no associated IAM Roles",
	  NULL },
	{ "OperationNotPermitted", ERROR_DENIED, NULL, PROTECTED },
	{ "InsufficientAddressCapacity", ERROR_QUOTA, NULL, CAPACITY },
	{ "InsufficientFreeAddressesInSubnet", ERROR_QUOTA, NULL, ADDRESSES },
	{ "InsufficientInstanceCapacity", ERROR_QUOTA, NULL, CAPACITY },
	{ "AddressLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("EC2-VPC Elastic IPs") },
	{ "InstanceLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Running On-Demand instances") },
	{ "InternetGatewayLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Internet gateways per Region") },
	{ "NatGatewayLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("NAT gateways per Availability Zone") },
	{ "NetworkInterfaceLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Network interfaces per Region") },
	{ "RouteLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Routes per route table") },
	{ "RouteTableLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Route tables per VPC") },
	{ "RulesPerSecurityGroupLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Inbound or outbound rules per security group") },
	{ "SecurityGroupLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("VPC security groups per Region") },
	{ "SecurityGroupsPerInterfaceLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Security groups per network interface") },
	{ "SubnetLimitExceeded", ERROR_QUOTA, NULL, QUOTA("Subnets per VPC") },
	{ "VcpuLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Running On-Demand Standard instances") },
	{ "VpcEndpointLimitExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Interface VPC endpoints per VPC") },
	{ "VpcLimitExceeded", ERROR_QUOTA, NULL, QUOTA("VPCs per Region") },
	{ "*LimitExceeded", ERROR_QUOTA, NULL, QUOTA_OF("Amazon EC2 or VPC") },
	END,
};

static const struct aws_fault elbv2_faults[] = {
	{ "*NotFound", ERROR_NOT_FOUND, NULL, NULL },
	{ "InvalidTarget", ERROR_NOT_FOUND, NULL, NULL },
	{ "DuplicateListener", ERROR_EXISTS, NULL, NULL },
	{ "DuplicateLoadBalancerName", ERROR_EXISTS, NULL, NULL },
	{ "DuplicateTargetGroupName", ERROR_EXISTS, NULL, NULL },
	{ "OperationNotPermitted", ERROR_DENIED, NULL, PROTECTED },
	{ "ResourceInUse", ERROR_CONFLICT, NULL, NULL },
	{ "TargetGroupAssociationLimit", ERROR_QUOTA, NULL,
	  QUOTA("Target groups per action") },
	{ "TooManyListeners", ERROR_QUOTA, NULL,
	  QUOTA("Listeners per Network Load Balancer") },
	{ "TooManyLoadBalancers", ERROR_QUOTA, NULL,
	  QUOTA("Network Load Balancers per Region") },
	{ "TooManyTargetGroups", ERROR_QUOTA, NULL,
	  QUOTA("Target Groups per Region") },
	{ "TooManyTargets", ERROR_QUOTA, NULL,
	  QUOTA("Targets per Target Group") },
	{ "TooManyTags", ERROR_QUOTA, NULL, QUOTA("Tags per resource") },
	END,
};

static const struct aws_fault iam_faults[] = {
	{ "ConcurrentModification", ERROR_CONFLICT, NULL, NULL },
	{ "DeleteConflict", ERROR_CONFLICT, NULL, NULL },
	{ "EntityAlreadyExists", ERROR_EXISTS, NULL, NULL },
	{ "EntityTemporarilyUnmodifiable", ERROR_CONFLICT, NULL, NULL },
	{ "LimitExceeded", ERROR_QUOTA, NULL, QUOTA_OF("IAM") },
	{ "MalformedPolicyDocument", ERROR_CONFLICT, "Invalid principal",
	  NULL },
	{ "MalformedPolicyDocument", ERROR_INVALID, NULL, NULL },
	{ "NoSuchEntity", ERROR_NOT_FOUND, NULL, NULL },
	{ "UnmodifiableEntity", ERROR_DENIED, NULL, NULL },
	END,
};

static const struct aws_fault logs_faults[] = {
	{ "LimitExceededException", ERROR_QUOTA, NULL,
	  QUOTA_OF("CloudWatch Logs") },
	{ "OperationAbortedException", ERROR_CONFLICT, NULL, NULL },
	{ "ResourceAlreadyExistsException", ERROR_EXISTS, NULL, NULL },
	{ "ResourceNotFoundException", ERROR_NOT_FOUND, NULL, NULL },
	END,
};

static const struct aws_fault quotas_faults[] = {
	{ "NoSuchResourceException", ERROR_NOT_FOUND, NULL, NULL },
	{ "IllegalArgumentException", ERROR_INVALID, NULL, NULL },
	END,
};

static const struct aws_fault rds_faults[] = {
	{ "*NotFound", ERROR_NOT_FOUND, NULL, NULL },
	{ "*NotFoundFault", ERROR_NOT_FOUND, NULL, NULL },
	{ "*AlreadyExists", ERROR_EXISTS, NULL, NULL },
	{ "*AlreadyExistsFault", ERROR_EXISTS, NULL, NULL },
	{ "InvalidDBClusterSnapshotStateFault", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidDBClusterStateFault", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidDBInstanceState", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidDBInstanceStateFault", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidDBParameterGroupState", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidDBParameterGroupStateFault", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidDBSnapshotState", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidDBSubnetGroupStateFault", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidDBSubnetStateFault", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidParameterCombination", ERROR_DENIED, "protect", PROTECTED },
	{ "InvalidParameterValue", ERROR_CONFLICT, "cannot be assumed", NULL },
	{ "InvalidParameterValue", ERROR_CONFLICT, "required permissions",
	  NULL },
	{ "KMSKeyNotAccessibleFault", ERROR_DENIED, NULL, NULL },
	{ "InsufficientAvailableIPsInSubnetFault", ERROR_QUOTA, NULL,
	  ADDRESSES },
	{ "InsufficientDBClusterCapacityFault", ERROR_QUOTA, NULL, CAPACITY },
	{ "InsufficientDBInstanceCapacity", ERROR_QUOTA, NULL, CAPACITY },
	{ "InsufficientStorageClusterCapacity", ERROR_QUOTA, NULL, CAPACITY },
	{ "DBClusterQuotaExceededFault", ERROR_QUOTA, NULL,
	  QUOTA("DB clusters") },
	{ "DBParameterGroupQuotaExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Parameter groups") },
	{ "DBSubnetGroupQuotaExceeded", ERROR_QUOTA, NULL,
	  QUOTA("DB subnet groups") },
	{ "InstanceQuotaExceeded", ERROR_QUOTA, NULL, QUOTA("DB instances") },
	{ "SnapshotQuotaExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Manual DB cluster snapshots") },
	{ "StorageQuotaExceeded", ERROR_QUOTA, NULL,
	  QUOTA("Total storage for all DB instances") },
	{ "*QuotaExceeded", ERROR_QUOTA, NULL, QUOTA_OF("Amazon RDS") },
	{ "*QuotaExceededFault", ERROR_QUOTA, NULL, QUOTA_OF("Amazon RDS") },
	END,
};

static const struct aws_fault rds_data_faults[] = {
	{ "BadRequestException", ERROR_INVALID, NULL, NULL },
	{ "DatabaseErrorException", ERROR_INVALID, NULL, NULL },
	{ "DatabaseNotFoundException", ERROR_NOT_FOUND, NULL, NULL },
	{ "DatabaseResumingException", ERROR_UNAVAILABLE, NULL, NULL },
	{ "DatabaseUnavailableException", ERROR_UNAVAILABLE, NULL, NULL },
	{ "ForbiddenException", ERROR_DENIED, NULL, NULL },
	{ "HttpEndpointNotEnabledException", ERROR_DENIED, NULL,
	  "Turn on the HTTP endpoint of the cluster, or reach it another "
	  "way." },
	{ "InvalidResourceStateException", ERROR_CONFLICT, NULL, NULL },
	{ "InvalidSecretException", ERROR_DENIED, NULL, NULL },
	{ "NotFoundException", ERROR_NOT_FOUND, NULL, NULL },
	{ "SecretsErrorException", ERROR_DENIED, NULL, NULL },
	{ "ServiceUnavailableError", ERROR_UNAVAILABLE, NULL, NULL },
	{ "StatementTimeoutException", ERROR_TIMEOUT, NULL, NULL },
	{ "TransactionNotFoundException", ERROR_NOT_FOUND, NULL, NULL },
	END,
};

static const struct aws_fault secrets_faults[] = {
	{ "DecryptionFailure", ERROR_DENIED, NULL, NULL },
	{ "EncryptionFailure", ERROR_DENIED, NULL, NULL },
	{ "InvalidRequestException", ERROR_CONFLICT, "scheduled for deletion",
	  NULL },
	{ "InvalidRequestException", ERROR_CONFLICT, "marked for deletion",
	  NULL },
	{ "InvalidRequestException", ERROR_INVALID, NULL, NULL },
	{ "LimitExceededException", ERROR_QUOTA, NULL,
	  QUOTA_OF("Secrets Manager") },
	{ "ResourceExistsException", ERROR_EXISTS, NULL, NULL },
	{ "ResourceNotFoundException", ERROR_NOT_FOUND, NULL, NULL },
	END,
};

static const struct aws_fault ssm_faults[] = {
	{ "InvalidInstanceId", ERROR_CONFLICT, NULL, NULL },
	{ "InvocationDoesNotExist", ERROR_NOT_FOUND, NULL, NULL },
	{ "ParameterAlreadyExists", ERROR_EXISTS, NULL, NULL },
	{ "ParameterNotFound", ERROR_NOT_FOUND, NULL, NULL },
	{ "ParameterVersionNotFound", ERROR_NOT_FOUND, NULL, NULL },
	{ "TargetNotConnected", ERROR_CONFLICT, NULL, NULL },
	END,
};

static const struct aws_fault sts_faults[] = {
	{ "IDPCommunicationError", ERROR_UNAVAILABLE, NULL, NULL },
	{ "IDPRejectedClaim", ERROR_DENIED, NULL, NULL },
	{ "InvalidIdentityToken", ERROR_DENIED, NULL, NULL },
	{ "RegionDisabledException", ERROR_DENIED, NULL, NULL },
	END,
};

/* -- how lists are named -- */

static const struct aws_list_item rds_lists[] = {
	{ "AvailabilityZones", "AvailabilityZone" },
	{ "DBSecurityGroups", "DBSecurityGroupName" },
	{ "EventCategories", "EventCategory" },
	{ "Filters", "Filter" },
	{ "OptionsToInclude", "OptionConfiguration" },
	{ "Parameters", "Parameter" },
	{ "ProcessorFeatures", "ProcessorFeature" },
	{ "SourceIds", "SourceId" },
	{ "SubnetIds", "SubnetIdentifier" },
	{ "TagSpecifications", "item" },
	{ "Tags", "Tag" },
	{ "Values", "Value" },
	{ "ValuesToAdd", "AttributeValue" },
	{ "ValuesToRemove", "AttributeValue" },
	{ "VpcSecurityGroupIds", "VpcSecurityGroupId" },
	{ NULL, NULL },
};

/* -- how answers come in pages -- */

/* EC2 gives all at once where no size is asked for, however many there are. */
#define EC2_PAGES(operation, most)                                             \
	{                                                                      \
		operation, "NextToken", "nextToken", NULL, "MaxResults", most  \
	}

static const struct aws_paging ec2_paging[] = {
	EC2_PAGES("DescribeInstances", 1000),
	EC2_PAGES("DescribeInternetGateways", 1000),
	EC2_PAGES("DescribeNatGateways", 1000),
	EC2_PAGES("DescribeNetworkInterfaces", 1000),
	EC2_PAGES("DescribeRouteTables", 100),
	EC2_PAGES("DescribeSecurityGroupRules", 1000),
	EC2_PAGES("DescribeSecurityGroups", 1000),
	EC2_PAGES("DescribeSubnets", 1000),
	EC2_PAGES("DescribeTags", 1000),
	EC2_PAGES("DescribeVpcEndpointConnections", 1000),
	EC2_PAGES("DescribeVpcEndpointServiceConfigurations", 1000),
	EC2_PAGES("DescribeVpcEndpoints", 1000),
	EC2_PAGES("DescribeVpcs", 1000),
	{ NULL, "NextToken", "nextToken", NULL, NULL, 0 },
};

static const struct aws_paging elbv2_paging[] = {
	{ NULL, "Marker", "NextMarker", NULL, NULL, 0 },
};

static const struct aws_paging iam_paging[] = {
	{ NULL, "Marker", "Marker", "IsTruncated", NULL, 0 },
};

static const struct aws_paging logs_paging[] = {
	{ NULL, "nextToken", "nextToken", NULL, NULL, 0 },
};

/* DMS, too. */
static const struct aws_paging rds_paging[] = {
	{ "DescribeEngineDefaultClusterParameters", "Marker",
	  "EngineDefaults/Marker", NULL, NULL, 0 },
	{ NULL, "Marker", "Marker", NULL, NULL, 0 },
};

/* Secrets Manager and Service Quotas, too. */
static const struct aws_paging ssm_paging[] = {
	{ NULL, "NextToken", "NextToken", NULL, NULL, 0 },
};

static const struct aws_paging tagging_paging[] = {
	{ "GetResources", "PaginationToken", "PaginationToken", NULL,
	  "ResourcesPerPage", 100 },
	{ NULL, "PaginationToken", "PaginationToken", NULL, NULL, 0 },
};

const struct aws_paging *aws_paging_of(const struct aws_service *s,
				       const char *operation)
{
	const struct aws_paging *p = s->paging;

	while (p && p->operation && strcmp(p->operation, operation) != 0)
		p++;
	return p;
}

/* -- the services -- */

static const struct aws_route rds_data_routes[] = {
	{ "BatchExecuteStatement", "POST", "/BatchExecute" },
	{ "BeginTransaction", "POST", "/BeginTransaction" },
	{ "CommitTransaction", "POST", "/CommitTransaction" },
	{ "ExecuteStatement", "POST", "/Execute" },
	{ "RollbackTransaction", "POST", "/RollbackTransaction" },
	{ NULL, NULL, NULL },
};

const struct aws_service aws_dms = {
	.name = "dms",
	.host = "dms",
	.env = "DATABASE_MIGRATION_SERVICE",
	.protocol = AWS_JSON,
	.target = "AmazonDMSv20160101.",
	.faults = dms_faults,
	.paging = rds_paging,
};

const struct aws_service aws_ec2 = {
	.name = "ec2",
	.host = "ec2",
	.env = "EC2",
	.protocol = AWS_EC2,
	.version = "2016-11-15",
	.faults = ec2_faults,
	.paging = ec2_paging,
};

const struct aws_service aws_elbv2 = {
	.name = "elasticloadbalancing",
	.host = "elasticloadbalancing",
	.env = "ELASTIC_LOAD_BALANCING_V2",
	.protocol = AWS_QUERY,
	.version = "2015-12-01",
	.faults = elbv2_faults,
	.paging = elbv2_paging,
};

const struct aws_service aws_iam = {
	.name = "iam",
	.host = "iam",
	.env = "IAM",
	.protocol = AWS_QUERY,
	.version = "2010-05-08",
	.faults = iam_faults,
	.paging = iam_paging,
	.is_global = true,
};

const struct aws_service aws_logs = {
	.name = "logs",
	.host = "logs",
	.env = "CLOUDWATCH_LOGS",
	.protocol = AWS_JSON,
	.target = "Logs_20140328.",
	.faults = logs_faults,
	.paging = logs_paging,
};

const struct aws_service aws_quotas = {
	.name = "servicequotas",
	.host = "servicequotas",
	.env = "SERVICE_QUOTAS",
	.protocol = AWS_JSON,
	.target = "ServiceQuotasV20190624.",
	.faults = quotas_faults,
	.paging = ssm_paging,
};

const struct aws_service aws_rds = {
	.name = "rds",
	.host = "rds",
	.env = "RDS",
	.protocol = AWS_QUERY,
	.version = "2014-10-31",
	.lists = rds_lists,
	.faults = rds_faults,
	.paging = rds_paging,
};

const struct aws_service aws_rds_data = {
	.name = "rds-data",
	.host = "rds-data",
	.env = "RDS_DATA",
	.protocol = AWS_REST_JSON,
	.routes = rds_data_routes,
	.faults = rds_data_faults,
};

const struct aws_service aws_secrets = {
	.name = "secretsmanager",
	.host = "secretsmanager",
	.env = "SECRETS_MANAGER",
	.protocol = AWS_JSON,
	.target = "secretsmanager.",
	.faults = secrets_faults,
	.paging = ssm_paging,
};

const struct aws_service aws_ssm = {
	.name = "ssm",
	.host = "ssm",
	.env = "SSM",
	.protocol = AWS_JSON,
	.target = "AmazonSSM.",
	.faults = ssm_faults,
	.paging = ssm_paging,
};

const struct aws_service aws_sts = {
	.name = "sts",
	.host = "sts",
	.env = "STS",
	.protocol = AWS_QUERY,
	.version = "2011-06-15",
	.faults = sts_faults,
};

const struct aws_service aws_tagging = {
	.name = "tagging",
	.host = "tagging",
	.env = "RESOURCE_GROUPS_TAGGING_API",
	.protocol = AWS_JSON,
	.target = "ResourceGroupsTaggingAPI_20170126.",
	.paging = tagging_paging,
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
