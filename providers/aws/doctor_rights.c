/* Whether the caller may do what the types of the stack do, by IAM's word. */
#include <config.h>

#include "providers/aws/doctor.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "providers/aws/fields.h"

enum { ACTIONS_A_CALL = 50, SHOWN = 20 };

/* Beyond reading. Words between blanks; the manual has the same list. */
static const struct {
	const char *type, *actions;
} rights[] = {
	{ "vpc", "ec2:CreateVpc ec2:DeleteVpc ec2:ModifyVpcAttribute "
		 "ec2:CreateTags ec2:DeleteTags ec2:DescribeVpcs" },
	{ "subnet", "ec2:CreateSubnet ec2:DeleteSubnet "
		    "ec2:ModifySubnetAttribute" },
	{ "internet_gateway",
	  "ec2:CreateInternetGateway ec2:DeleteInternetGateway "
	  "ec2:AttachInternetGateway ec2:DetachInternetGateway" },
	{ "elastic_ip", "ec2:AllocateAddress ec2:ReleaseAddress" },
	{ "nat_gateway", "ec2:CreateNatGateway ec2:DeleteNatGateway" },
	{ "route_table",
	  "ec2:CreateRouteTable ec2:DeleteRouteTable ec2:CreateRoute "
	  "ec2:DeleteRoute ec2:ReplaceRoute ec2:AssociateRouteTable "
	  "ec2:DisassociateRouteTable ec2:ReplaceRouteTableAssociation" },
	{ "security_group",
	  "ec2:CreateSecurityGroup ec2:DeleteSecurityGroup "
	  "ec2:AuthorizeSecurityGroupIngress "
	  "ec2:AuthorizeSecurityGroupEgress ec2:RevokeSecurityGroupIngress "
	  "ec2:RevokeSecurityGroupEgress ec2:ModifySecurityGroupRules" },
	{ "network_interface",
	  "ec2:CreateNetworkInterface ec2:DeleteNetworkInterface "
	  "ec2:ModifyNetworkInterfaceAttribute" },
	{ "instance", "ec2:RunInstances ec2:TerminateInstances "
		      "ec2:StartInstances ec2:StopInstances "
		      "ec2:ModifyInstanceAttribute iam:PassRole "
		      "ssm:GetParameter" },
	{ "vpc_endpoint", "ec2:CreateVpcEndpoint ec2:ModifyVpcEndpoint "
			  "ec2:DeleteVpcEndpoints" },
	{ "endpoint_service", "ec2:CreateVpcEndpointServiceConfiguration "
			      "ec2:ModifyVpcEndpointServiceConfiguration "
			      "ec2:DeleteVpcEndpointServiceConfigurations "
			      "ec2:ModifyVpcEndpointServicePermissions "
			      "ec2:AcceptVpcEndpointConnections" },
	{ "load_balancer",
	  "elasticloadbalancing:CreateLoadBalancer "
	  "elasticloadbalancing:DeleteLoadBalancer "
	  "elasticloadbalancing:ModifyLoadBalancerAttributes "
	  "elasticloadbalancing:SetSubnets "
	  "elasticloadbalancing:SetSecurityGroups "
	  "elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags "
	  "iam:CreateServiceLinkedRole" },
	{ "target_group", "elasticloadbalancing:CreateTargetGroup "
			  "elasticloadbalancing:ModifyTargetGroup "
			  "elasticloadbalancing:DeleteTargetGroup "
			  "elasticloadbalancing:RegisterTargets "
			  "elasticloadbalancing:DeregisterTargets" },
	{ "listener", "elasticloadbalancing:CreateListener "
		      "elasticloadbalancing:ModifyListener "
		      "elasticloadbalancing:DeleteListener" },
	{ "db_cluster", "rds:CreateDBCluster rds:ModifyDBCluster "
			"rds:DeleteDBCluster rds:AddTagsToResource "
			"rds:RemoveTagsFromResource "
			"iam:CreateServiceLinkedRole" },
	{ "db_instance", "rds:CreateDBInstance rds:ModifyDBInstance "
			 "rds:DeleteDBInstance rds:RebootDBInstance" },
	{ "db_subnet_group", "rds:CreateDBSubnetGroup rds:ModifyDBSubnetGroup "
			     "rds:DeleteDBSubnetGroup" },
	{ "db_cluster_parameter_group", "rds:CreateDBClusterParameterGroup "
					"rds:ModifyDBClusterParameterGroup "
					"rds:ResetDBClusterParameterGroup "
					"rds:DeleteDBClusterParameterGroup" },
	{ "db_parameter_group",
	  "rds:CreateDBParameterGroup rds:ModifyDBParameterGroup "
	  "rds:ResetDBParameterGroup rds:DeleteDBParameterGroup" },
	{ "secret", "secretsmanager:CreateSecret secretsmanager:UpdateSecret "
		    "secretsmanager:PutSecretValue "
		    "secretsmanager:GetSecretValue "
		    "secretsmanager:DeleteSecret "
		    "secretsmanager:RestoreSecret "
		    "secretsmanager:TagResource "
		    "secretsmanager:UntagResource" },
	{ "iam_role", "iam:CreateRole iam:DeleteRole iam:UpdateRole "
		      "iam:UpdateAssumeRolePolicy iam:AttachRolePolicy "
		      "iam:DetachRolePolicy iam:PutRolePolicy "
		      "iam:DeleteRolePolicy iam:TagRole iam:UntagRole "
		      "iam:PassRole" },
	{ "instance_profile",
	  "iam:CreateInstanceProfile iam:DeleteInstanceProfile "
	  "iam:AddRoleToInstanceProfile iam:RemoveRoleFromInstanceProfile "
	  "iam:TagInstanceProfile" },
	{ "replication_subnet_group",
	  "dms:CreateReplicationSubnetGroup dms:ModifyReplicationSubnetGroup "
	  "dms:DeleteReplicationSubnetGroup dms:AddTagsToResource "
	  "dms:RemoveTagsFromResource" },
	{ "replication_instance",
	  "dms:CreateReplicationInstance dms:ModifyReplicationInstance "
	  "dms:DeleteReplicationInstance" },
	{ "dms_endpoint", "dms:CreateEndpoint dms:ModifyEndpoint "
			  "dms:DeleteEndpoint dms:TestConnection "
			  "dms:DeleteConnection" },
	{ "dms_certificate", "dms:ImportCertificate dms:DeleteCertificate" },
	{ "dms_task", "dms:CreateReplicationTask dms:ModifyReplicationTask "
		      "dms:DeleteReplicationTask dms:StartReplicationTask "
		      "dms:StopReplicationTask dms:ReloadTables" },
	{ "log_group", "logs:CreateLogGroup logs:DeleteLogGroup "
		       "logs:PutRetentionPolicy logs:DeleteRetentionPolicy "
		       "logs:TagResource logs:UntagResource" },
};

struct actions {
	VEC(struct value) all;
};

static bool has_action(const struct actions *x, struct str action)
{
	for (size_t i = 0; i < x->all.n; i++)
		if (str_eq(x->all.items[i].as.text, action))
			return true;
	return false;
}

static void add_actions(struct actions *x, struct str rest)
{
	while (rest.n) {
		struct str action = str_cut(&rest, ' ');

		if (!has_action(x, action))
			*vec_push(&x->all) = value_str(action);
	}
}

/* What SQL needs, by the way that it goes. */
static const char *const sql_rights[] = {
	[AWS_REACH_WORKSTATION] = "ssm:SendCommand ssm:GetCommandInvocation",
	[AWS_REACH_DATA_API] =
	    "rds-data:ExecuteStatement rds-data:BatchExecuteStatement "
	    "rds-data:BeginTransaction rds-data:CommitTransaction "
	    "rds-data:RollbackTransaction rds:EnableHttpEndpoint "
	    "rds:DisableHttpEndpoint secretsmanager:GetSecretValue",
	[AWS_REACH_DIRECT] = "secretsmanager:GetSecretValue",
};

/* Without a stack a task may want it. */
static bool assesses(const struct doctor *d)
{
	for (size_t i = 0; i < d->n_needs; i++) {
		const struct value *role =
		    value_get(d->needs[i].config, "assess_role");

		if (str_is(d->needs[i].type, "dms_task") && role &&
		    !value_is_null(*role))
			return true;
	}
	return d->n_needs == 0;
}

static void gather(const struct doctor *d, struct actions *x)
{
	for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++)
		if (doctor_uses(d, rights[i].type))
			add_actions(x, str_from(rights[i].actions));
	if (doctor_uses(d, "sql_database") || doctor_uses(d, "fixture"))
		add_actions(x, str_from(sql_rights[d->site->reach]));
	if (assesses(d))
		add_actions(x, STR("dms:StartReplicationTaskAssessmentRun "
				   "iam:PassRole"));
}

/*
 * Whose policies count: of an assumed role, arn:…:sts::1:assumed-role/R/S, the
 * role, which may have a path. Empty: the account's root, who may do anything.
 */
static int principal(struct doctor *d, struct str *out, struct error *err)
{
	struct str caller, rest;
	struct fields f = { 0 };
	struct value v;
	ptrdiff_t at;

	if (aws_caller(d->site, &caller, err) < 0)
		return -1;
	*out = caller;
	if (str_ends(caller, ":root")) {
		*out = (struct str){ 0 };
		return 0;
	}
	if (!str_contains(caller, STR(":assumed-role/")))
		return 0;
	at = str_find(caller, '/');
	rest = str_skip(caller, (size_t)at + 1);
	field_text(&f, "RoleName", str_cut(&rest, '/'));
	if (aws_ask(d->site->client, &aws_iam, "GetRole",
		    fields_done(&f, d->arena), d->arena, &v, err) < 0)
		return -1;
	*out = aws_text(v, "Role/Arn");
	return 0;
}

static int simulate(struct doctor *d, struct str who, const struct value *all,
		    size_t n, struct buf *denied, size_t *n_denied,
		    struct error *err)
{
	struct fields f = { 0 };
	struct value results;

	field_text(&f, "PolicySourceArn", who);
	field(&f, "ActionNames", value_list(all, n));
	if (aws_ask_all(d->site->client, &aws_iam, "SimulatePrincipalPolicy",
			fields_done(&f, d->arena), "EvaluationResults/member",
			d->arena, &results, err) < 0)
		return -1;
	for (size_t i = 0; i < results.as.list.n; i++) {
		struct value r = results.as.list.items[i];

		if (str_is(aws_text(r, "EvalDecision"), "allowed"))
			continue;
		if (++*n_denied <= SHOWN)
			buf_fmt(denied, "%s%.*s", *n_denied > 1 ? ", " : "",
				STR_ARG(aws_text(r, "EvalActionName")));
	}
	return 0;
}

void doctor_rights(struct doctor *d)
{
	struct error err = { 0 };
	struct actions x = { 0 };
	size_t n_denied = 0;
	struct buf denied;
	struct str who;
	int rc;

	buf_init(&denied, 8192);
	gather(d, &x);
	rc = principal(d, &who, &err);
	for (size_t i = 0; rc == 0 && who.n && i < x.all.n;
	     i += ACTIONS_A_CALL) {
		size_t n = x.all.n - i;

		rc = simulate(d, who, x.all.items + i,
			      n < ACTIONS_A_CALL ? n : ACTIONS_A_CALL, &denied,
			      &n_denied, &err);
	}
	if (rc < 0)
		doctor_doubt(d, "permissions", &err);
	else if (n_denied)
		doctor_tell(d, HEALTH_BAD, "permissions",
			    "man dmsl-aws has the whole list. Conditions and "
			    "resources of policies are not looked at.",
			    "%zu of %zu actions are denied: %s%s", n_denied,
			    x.all.n, denied.data,
			    n_denied > SHOWN ? ", …" : "");
	else
		doctor_tell(d, HEALTH_GOOD, "permissions", NULL,
			    "%zu actions are allowed", x.all.n);
	vec_release(&x.all);
	buf_release(&denied);
}
