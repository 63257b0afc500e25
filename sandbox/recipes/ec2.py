"""VPC, subnets, routes, security groups and endpoints."""

from __future__ import annotations

from typing import Any

from sandbox.recipes.recipe import Answer, Recipe, Work, hands

_ARN = "arn:aws:ec2:{region}:{account}:"
_NO_TRAFFIC = "no packet crosses the local network, so the log would stay empty"


def _vpc(work: Work) -> None:
    for key, attribute in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        if work.inputs.get(key) is not None:
            work.call("ec2.modify_vpc_attribute", VpcId=work.id, **{attribute: {"Value": work.inputs[key]}})
    here = [{"Name": "vpc-id", "Values": [work.id]}]
    groups = work.call("ec2.describe_security_groups", Filters=here)["SecurityGroups"]
    tables = work.call("ec2.describe_route_tables", Filters=here)["RouteTables"]
    lists = work.call("ec2.describe_network_acls", Filters=here)["NetworkAcls"]
    work.outputs |= {
        "defaultSecurityGroupId": groups[0]["GroupId"],
        "defaultRouteTableId": tables[0]["RouteTableId"],
        "mainRouteTableId": tables[0]["RouteTableId"],
        "defaultNetworkAclId": lists[0]["NetworkAclId"],
    }


def _subnet(work: Work) -> None:
    if work.inputs.get("mapPublicIpOnLaunch") is not None:
        value = {"Value": work.inputs["mapPublicIpOnLaunch"]}
        work.call("ec2.modify_subnet_attribute", SubnetId=work.id, MapPublicIpOnLaunch=value)


def _gateway(work: Work) -> None:
    if work.inputs.get("vpcId"):
        work.call("ec2.attach_internet_gateway", InternetGatewayId=work.id, VpcId=work.inputs["vpcId"])


def _table(work: Work) -> None:
    for route in work.inputs.get("routes") or []:
        target = {
            "GatewayId": route.get("gatewayId"),
            "NatGatewayId": route.get("natGatewayId"),
            "TransitGatewayId": route.get("transitGatewayId"),
            "VpcEndpointId": route.get("vpcEndpointId"),
            "VpcPeeringConnectionId": route.get("vpcPeeringConnectionId"),
            "DestinationCidrBlock": route.get("cidrBlock"),
        }
        declared = {key: value for key, value in target.items() if value}
        work.call("ec2.create_route", RouteTableId=work.id, **declared)


def _group(work: Work) -> None:
    # The provider takes the rule away that AWS adds by itself: only declared ones remain.
    found = work.call("ec2.describe_security_groups", GroupIds=[work.id])["SecurityGroups"][0]
    if found["IpPermissionsEgress"]:
        work.call("ec2.revoke_security_group_egress", GroupId=work.id, IpPermissions=found["IpPermissionsEgress"])
    for key, method in (("ingress", "authorize_security_group_ingress"), ("egress", "authorize_security_group_egress")):
        rules = [_permission(rule, work.id) for rule in work.inputs.get(key) or []]
        if rules:
            work.call(f"ec2.{method}", GroupId=work.id, IpPermissions=rules)


def _default_group(work: Work) -> None:
    here = [{"Name": "vpc-id", "Values": [work.inputs["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    found = work.call("ec2.describe_security_groups", Filters=here)["SecurityGroups"][0]
    work.id = found["GroupId"]
    work.outputs |= {"arn": work.fill(_ARN + "security-group/{id}"), "name": "default"}
    for key, method in (("IpPermissions", "ingress"), ("IpPermissionsEgress", "egress")):
        if found[key]:
            work.call(f"ec2.revoke_security_group_{method}", GroupId=work.id, IpPermissions=found[key])
    _group(work)


def _permission(rule: dict[str, Any], group: str) -> dict[str, Any]:
    """A rule as it is written inside a security group."""
    described = {"Description": rule["description"]} if rule.get("description") else {}
    groups = [*(rule.get("securityGroups") or []), *([group] if rule.get("self") else [])]
    return {
        "IpProtocol": str(rule["protocol"]),
        "FromPort": rule["fromPort"],
        "ToPort": rule["toPort"],
        "IpRanges": [{"CidrIp": cidr, **described} for cidr in rule.get("cidrBlocks") or []],
        "Ipv6Ranges": [{"CidrIpv6": cidr, **described} for cidr in rule.get("ipv6CidrBlocks") or []],
        "PrefixListIds": [{"PrefixListId": name, **described} for name in rule.get("prefixListIds") or []],
        "UserIdGroupPairs": [{"GroupId": name, **described} for name in groups],
    }


def _single_rule(work: Work) -> None:
    given = work.inputs
    described = {"Description": given["description"]} if given.get("description") else {}
    permission: dict[str, Any] = {"IpProtocol": str(given["ipProtocol"])}
    # All protocols come without ports.
    permission |= {"FromPort": given["fromPort"], "ToPort": given["toPort"]} if "fromPort" in given else {}
    for key, member, name in (
        ("cidrIpv4", "IpRanges", "CidrIp"),
        ("cidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        ("prefixListId", "PrefixListIds", "PrefixListId"),
        ("referencedSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ):
        if given.get(key):
            permission[member] = [{name: given[key], **described}]
    work.parameters = {"GroupId": given["securityGroupId"], "IpPermissions": [permission]}


def _flow_log(work: Work) -> None:
    for key, kind in (("vpcId", "VPC"), ("subnetId", "Subnet"), ("eniId", "NetworkInterface")):
        if work.inputs.get(key):
            work.parameters |= {"ResourceIds": [work.inputs[key]], "ResourceType": kind}


_RULE = hands(
    "cidrIpv4",
    "cidrIpv6",
    "description",
    "fromPort",
    "ipProtocol",
    "prefixListId",
    "referencedSecurityGroupId",
    "securityGroupId",
    "toPort",
)

ROWS = {
    "aws:ec2/vpc:Vpc": Recipe(
        call="ec2.create_vpc",
        by_hand=hands("enableDnsSupport", "enableDnsHostnames"),
        rename={"assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock"},
        after=_vpc,
        id=Answer("Vpc.VpcId", "vpc-{hash:17}"),
        tags="ec2:vpc",
        outputs={
            "arn": _ARN + "vpc/{id}",
            "ownerId": "{account}",
            "defaultSecurityGroupId": "sg-{hash:17}",
            "defaultRouteTableId": "rtb-{hash:17}",
            "mainRouteTableId": "rtb-{hash:17}",
            "defaultNetworkAclId": "acl-{hash:17}",
        },
    ),
    "aws:ec2/subnet:Subnet": Recipe(
        call="ec2.create_subnet",
        by_hand=hands("mapPublicIpOnLaunch"),
        after=_subnet,
        id=Answer("Subnet.SubnetId", "subnet-{hash:17}"),
        tags="ec2:subnet",
        outputs={"arn": _ARN + "subnet/{id}", "ownerId": "{account}"},
    ),
    "aws:ec2/internetGateway:InternetGateway": Recipe(
        call="ec2.create_internet_gateway",
        by_hand=hands("vpcId"),
        after=_gateway,
        id=Answer("InternetGateway.InternetGatewayId", "igw-{hash:17}"),
        tags="ec2:internet-gateway",
        outputs={"arn": _ARN + "internet-gateway/{id}", "ownerId": "{account}"},
    ),
    "aws:ec2/eip:Eip": Recipe(
        call="ec2.allocate_address",
        id=Answer("AllocationId", "eipalloc-{hash:17}"),
        tags="ec2:elastic-ip",
        outputs={"allocationId": "{id}", "publicIp": Answer("PublicIp"), "arn": _ARN + "elastic-ip/{id}"},
    ),
    "aws:ec2/natGateway:NatGateway": Recipe(
        call="ec2.create_nat_gateway",
        id=Answer("NatGateway.NatGatewayId", "nat-{hash:17}"),
        tags="ec2:natgateway",
        outputs={"publicIp": Answer("NatGateway.NatGatewayAddresses.0.PublicIp")},
    ),
    "aws:ec2/routeTable:RouteTable": Recipe(
        call="ec2.create_route_table",
        by_hand=hands("routes"),
        after=_table,
        id=Answer("RouteTable.RouteTableId", "rtb-{hash:17}"),
        tags="ec2:route-table",
        outputs={"arn": _ARN + "route-table/{id}", "ownerId": "{account}"},
    ),
    "aws:ec2/route:Route": Recipe(
        call="ec2.create_route",
        rename={"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"},
        id="r-{routeTableId}{hash:10}",
        outputs={"state": lambda _work: "active"},
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Recipe(
        call="ec2.associate_route_table",
        id=Answer("AssociationId", "rtbassoc-{hash:17}"),
    ),
    "aws:ec2/securityGroup:SecurityGroup": Recipe(
        call="ec2.create_security_group",
        by_hand=hands("ingress", "egress"),
        rename={"name": "GroupName"},
        after=_group,
        id=Answer("GroupId", "sg-{hash:17}"),
        tags="ec2:security-group",
        outputs={"arn": _ARN + "security-group/{id}", "ownerId": "{account}"},
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Recipe(
        call="ec2.describe_security_groups",
        by_hand=hands("vpcId", "ingress", "egress"),
        after=_default_group,
        id="sg-{hash:17}",
        tags="",
        outputs={"arn": _ARN + "security-group/{id}"},
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Recipe(
        call="ec2.authorize_security_group_ingress",
        by_hand=_RULE,
        shape=_single_rule,
        id=Answer("SecurityGroupRules.0.SecurityGroupRuleId", "sgr-{hash:17}"),
        tags="",
        outputs={"securityGroupRuleId": "{id}", "arn": _ARN + "security-group-rule/{id}"},
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Recipe(
        call="ec2.authorize_security_group_egress",
        by_hand=_RULE,
        shape=_single_rule,
        id=Answer("SecurityGroupRules.0.SecurityGroupRuleId", "sgr-{hash:17}"),
        tags="",
        outputs={"securityGroupRuleId": "{id}", "arn": _ARN + "security-group-rule/{id}"},
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Recipe(
        call="ec2.create_vpc_endpoint",
        rename={"policy": "PolicyDocument"},
        id=Answer("VpcEndpoint.VpcEndpointId", "vpce-{hash:17}"),
        tags="ec2:vpc-endpoint",
        outputs={"arn": _ARN + "vpc-endpoint/{id}", "prefixListId": "pl-{hash:8}", "state": lambda _work: "available"},
    ),
    "aws:ec2/flowLog:FlowLog": Recipe(
        call="ec2.create_flow_logs",
        by_hand=hands("vpcId", "subnetId", "eniId"),
        rename={"iamRoleArn": "DeliverLogsPermissionArn"},
        lost={"logDestination": _NO_TRAFFIC},
        shape=_flow_log,
        id=Answer("FlowLogIds.0", "fl-{hash:17}"),
        tags="ec2:vpc-flow-log",
        outputs={"arn": _ARN + "vpc-flow-log/{id}"},
    ),
}
