"""What was created, and who uses whom, read from recorded calls: the test of the order
of deletes that moto does not give. A thing is known by the ids and ARNs of its answer,
and where AWS goes by names, by the name under its parameter's name."""

# Operation: where in the answer the new thing is, its identities there, and the
# parameter by whose name later calls refer to it, with that name.
CREATES = {
    "CreateVpc": ("Vpc", "VpcId"),
    "CreateSubnet": ("Subnet", "SubnetId"),
    "CreateInternetGateway": ("InternetGateway", "InternetGatewayId"),
    "AllocateAddress": ("", "AllocationId"),
    "CreateNatGateway": ("NatGateway", "NatGatewayId"),
    "CreateRouteTable": ("RouteTable", "RouteTableId"),
    "CreateSecurityGroup": ("", "GroupId"),
    "CreateNetworkInterface": ("NetworkInterface", "NetworkInterfaceId"),
    "RunInstances": ("Instances", "InstanceId"),
    "CreateVpcEndpoint": ("VpcEndpoint", "VpcEndpointId"),
    "CreateVpcEndpointServiceConfiguration": ("ServiceConfiguration", "ServiceId", "ServiceName"),
    "CreateLoadBalancer": ("LoadBalancers", "LoadBalancerArn"),
    "CreateTargetGroup": ("TargetGroups", "TargetGroupArn"),
    "CreateListener": ("Listeners", "ListenerArn"),
    "CreateDBCluster": ("DBCluster", "DBClusterArn"),
    "CreateDBInstance": ("DBInstance", "DBInstanceArn"),
    "CreateDBSubnetGroup": ("DBSubnetGroup", "DBSubnetGroupArn"),
    "CreateDBParameterGroup": ("DBParameterGroup", "DBParameterGroupArn"),
    "CreateDBClusterParameterGroup": ("DBClusterParameterGroup", "DBClusterParameterGroupArn"),
    "CreateSecret": ("", "ARN"),
    "CreateRole": ("Role", "Arn"),
    "CreateInstanceProfile": ("InstanceProfile", "Arn"),
    "CreateLogGroup": ("",),
    "CreateReplicationSubnetGroup": ("ReplicationSubnetGroup",),
    "CreateReplicationInstance": ("ReplicationInstance", "ReplicationInstanceArn"),
    "CreateEndpoint": ("Endpoint", "EndpointArn"),
    "CreateReplicationTask": ("ReplicationTask", "ReplicationTaskArn"),
    "ImportCertificate": ("Certificate", "CertificateArn"),
}
# Operation: the parameter that names the thing, and what later calls call it.
NAMES = {
    "CreateDBCluster": ("DBClusterIdentifier",), "CreateDBInstance": ("DBInstanceIdentifier",),
    "CreateDBSubnetGroup": ("DBSubnetGroupName",),
    "CreateDBParameterGroup": ("DBParameterGroupName",),
    "CreateDBClusterParameterGroup": ("DBClusterParameterGroupName",),
    "CreateSecret": ("Name", "SecretId"), "CreateRole": ("RoleName",),
    "CreateInstanceProfile": ("InstanceProfileName",), "CreateLogGroup": ("logGroupName",),
    "CreateReplicationSubnetGroup": ("ReplicationSubnetGroupIdentifier",),
}
# Deletes of what is no thing here.
PARTS = {"DeleteRoute", "DeleteTags", "DeleteRolePolicy", "DeleteConnection",
         "DeleteResourcePolicy", "DeleteAlias", "DeleteRetentionPolicy"}
ENDS = ("Delete", "Release", "Terminate")
LOOSENS = ("Detach", "Disassociate", "Deregister", "Remove")
CHANGES = LOOSENS + ("Attach", "Associate", "Modify", "Set", "Add", "Update")


class Node:
    def __init__(self, label):
        self.label, self.uses, self.owner = label, set(), None

    def __str__(self):
        return self.label


def strings(value, member=""):
    """Every (member, text) in a document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("Tags", "TagSpecifications", "tags"):
                yield from strings(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, member)
    elif isinstance(value, str):
        yield member, value


class Graph:
    def __init__(self):
        self.known = {}

    def living(self):
        return {node for node in self.known.values() if not node.owner}

    def find(self, document):
        """(member, node) for each thing that a document names."""
        for member, text in strings(document):
            node = self.known.get(text) or self.known.get((member, text.lower()))
            if node:
                yield member, node

    def see(self, call):
        """Takes a successful call in; yields what was wrong with its order."""
        operation, params, answer = call["operation"] or "", call["params"], call["answer"]
        if operation in CREATES:
            self.create(operation, params, answer)
        elif operation.startswith(ENDS) and operation not in PARTS:
            yield from self.delete(params, answer)
        elif operation.startswith("AuthorizeSecurityGroup"):
            for rule in answer.get("SecurityGroupRules", []):
                self.part(rule["SecurityGroupRuleId"], f"rule {rule['SecurityGroupRuleId']}",
                          params["GroupId"], {"G": rule.get("ReferencedGroupInfo", {})})
        elif operation.startswith("RevokeSecurityGroup"):
            self.revoke(params)
        elif operation == "AssociateRouteTable":
            self.part(answer["AssociationId"], f"association of {params['RouteTableId']}",
                      params.get("SubnetId"), {"RouteTableId": params["RouteTableId"]})
        elif operation == "ReplaceRouteTableAssociation":
            old = self.known.get(params["AssociationId"])
            self.drop(old)
            self.part(answer["NewAssociationId"], f"association of {params['RouteTableId']}",
                      None, {"RouteTableId": params["RouteTableId"]})
        elif operation == "DisassociateRouteTable":
            self.drop(self.known.get(params["AssociationId"]))
        elif operation.startswith(CHANGES):
            self.change(operation, params)

    def create(self, operation, params, answer):
        path, *ids = CREATES[operation]
        inner = answer.get(path, {}) if path else answer
        inner = inner[0] if isinstance(inner, list) else inner
        identities = [inner[key] for key in ids if key in inner]
        given, *called = NAMES.get(operation, (None,))
        if given:
            identities.append(((called or [given])[0], params[given].lower()))
        if not identities or any(identity in self.known for identity in identities):
            return  # an idempotent create gave what is there
        label = identities[0] if isinstance(identities[0], str) else identities[0][1]
        node = Node(f"{operation.replace('Create', '')} {label}")
        node.uses = {used for _, used in self.find(params)}
        for identity in identities:
            self.known[identity] = node

    def part(self, identity, label, owner, document):
        """A thing that dies with its owner, and uses others."""
        node = Node(label)
        node.owner = self.known.get(owner) or Node("none")
        node.uses = {used for _, used in self.find(document)} - {node.owner}
        self.known[identity] = node

    def drop(self, node):
        if node:
            self.known = {key: other for key, other in self.known.items()
                          if other is not node and other.owner is not node}

    def delete(self, params, answer):
        kept = {entry.get("ResourceId") for entry in answer.get("Unsuccessful", [])}
        for _, node in list(self.find(params)):
            if any(self.known.get(identity) is node for identity in kept):
                continue
            for user in set(self.known.values()):
                if node in user.uses and user.owner is not node and user is not node:
                    yield f"{node} is deleted before {user}, which uses it"
            self.drop(node)

    def revoke(self, params):
        group = self.known.get(params["GroupId"])
        rules = params.get("SecurityGroupRuleIds")
        named = {node for _, node in self.find(params.get("IpPermissions", []))}
        for key, node in list(self.known.items()):
            if node.owner is group and group and (
                    key in rules if rules else node.uses and node.uses <= named):
                self.drop(node)

    def change(self, operation, params):
        """A change of the thing that the operation is named after, or else of the
        first one named: the others that are named are used by it, or no more."""
        found = list(self.find(params))
        if len(found) < 2:
            return

        def fit(pair):
            stem = pair[0].removesuffix("Arn").removesuffix("Id").removesuffix("Name")
            stem = stem.removesuffix("Identifier")
            return len(stem) if stem in operation else 0

        target = max(found, key=fit)[1]
        others = [(member, node) for member, node in found if node is not target]
        kinds = {node.label.split()[0] for member, node in others
                 if operation.startswith(("Modify", "Set")) and not member.startswith(("Add", "Remove"))}
        # A list that is given whole replaces the one before.
        target.uses = {used for used in target.uses if used.label.split()[0] not in kinds}
        for member, node in others:
            if operation.startswith(LOOSENS) or member.startswith("Remove"):
                target.uses.discard(node)
            else:
                target.uses.add(node)
