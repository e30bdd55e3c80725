#ifndef DMSL_PROVIDERS_AWS_SERVICE_H
#define DMSL_PROVIDERS_AWS_SERVICE_H

/*
 * The AWS services that are called: where they are, which protocol they speak,
 * how their parameters are named on the wire, and what their error codes mean.
 * Constant tables, a row a service.
 */

#include "lang/base/error.h"
#include "lang/base/str.h"

#include <stdbool.h>

struct aws_fault {
	const char *code; /* without "Client." or "ns#"; "*.NotFound" */
	enum error_kind kind;
	/* MAY. Only where the message holds this, in any case of letters. */
	const char *text;
	const char *hint; /* MAY. What the user can do: a sentence. */
};

enum aws_protocol {
	AWS_JSON,      /* JSON 1.1: X-Amz-Target, a JSON body both ways */
	AWS_QUERY,     /* form body, XML answer; lists are NAME.member.1 */
	AWS_EC2,       /* form body, XML answer; lists are NAME.1 */
	AWS_REST_JSON, /* a path and a method an operation, JSON both ways */
};

/* Query: NAME.ITEM.1 instead of NAME.member.1. */
struct aws_list_item {
	const char *list, *item;
};

/* REST-JSON: "POST", "/Execute". */
struct aws_route {
	const char *operation, *method, *path;
};

/* How a Describe or List operation gives its answer in pages. */
struct aws_paging {
	const char *operation; /* NULL: all that come after */
	const char *send;      /* the request's token: "NextToken" */
	const char *next;      /* where the answer has it: "nextToken" */
	const char *more;      /* only while this is true; or NULL */
	const char *size;      /* the request's page size, or NULL */
	int most;	       /* 0: no size is asked for */
};

struct aws_service {
	const char *name; /* that requests are signed with: "dms" */
	const char *host; /* first label of its host: "dms" */
	const char *env; /* AWS_ENDPOINT_URL_…: "DATABASE_MIGRATION_SERVICE" */
	enum aws_protocol protocol;
	const char *version;		   /* of query and EC2 */
	const char *target;		   /* JSON: "AmazonDMSv20160101." */
	const struct aws_list_item *lists; /* ends with list NULL; or NULL */
	const struct aws_route *routes;	   /* ends with operation NULL */
	const struct aws_fault *faults;	   /* its own; ends with code NULL */
	const struct aws_paging *paging;   /* ends with operation NULL */
	bool is_global;			   /* one endpoint a partition: IAM */
};

extern const struct aws_service aws_dms;
extern const struct aws_service aws_ec2;
extern const struct aws_service aws_elbv2;
extern const struct aws_service aws_iam;
extern const struct aws_service aws_logs;
extern const struct aws_service aws_quotas; /* servicequotas */
extern const struct aws_service aws_rds;
extern const struct aws_service aws_rds_data;
extern const struct aws_service aws_secrets;
extern const struct aws_service aws_ssm;
extern const struct aws_service aws_sts;
extern const struct aws_service aws_tagging; /* resourcegroupstaggingapi */

/* NULL: never in pages. */
const struct aws_paging *aws_paging_of(const struct aws_service *s,
				       const char *operation);
/* A global service has one region a partition, whichever is configured. */
struct str aws_signing_region(const struct aws_service *s, struct str region);

#endif
