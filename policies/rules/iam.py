"""IAM: each role may do what its work needs, on what it needs it for.

`Resource: "*"` is right for actions that have no resource to name, and only for them: they are listed here with the
reason, and with the condition key that bounds them instead where AWS has one. Anything else needs an exemption.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from policies.documents import BOUNDING_KEYS, Statement, statements
from policies.resources import Node
from policies.rule import Rule

ROLE = "aws:iam/role:Role"
INLINE = "aws:iam/rolePolicy:RolePolicy"
MANAGED = "aws:iam/policy:Policy"
ATTACHMENTS = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
)
USER_TYPES = (
    "aws:iam/user:User",
    "aws:iam/accessKey:AccessKey",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
)

WITHOUT_RESOURCE: tuple[tuple[str, str, str], ...] = (
    ("cloudwatch:PutMetricData", "cloudwatch:namespace", "metrics have no ARN"),
    ("cloudwatch:GetMetricData", "", "metrics have no ARN"),
    ("cloudwatch:GetMetricStatistics", "", "metrics have no ARN"),
    ("cloudwatch:GetMetricWidgetImage", "", "metrics have no ARN"),
    ("cloudwatch:ListMetrics", "", "metrics have no ARN"),
    ("xray:PutTraceSegments", "", "traces have no ARN"),
    ("xray:PutTelemetryRecords", "", "traces have no ARN"),
    ("xray:GetSamplingRules", "", "sampling is asked for the whole account"),
    ("xray:GetSamplingTargets", "", "sampling is asked for the whole account"),
    ("comprehend:Detect*", "", "Comprehend's own models have no ARN"),
    ("ec2:Describe*", "", "describing the network has no resource level"),
    ("ec2:DeleteNetworkInterfacePermission", "", "a permission on an interface has no ARN"),
    ("rds:DescribeDBClusterSnapshots", "", "a list of a cluster's snapshots is asked of all snapshots"),
    ("dynamodb:ListStreams", "", "Lambda lists streams before it reads one"),
    ("ecr:GetAuthorizationToken", "", "the token is the account's"),
    ("logs:*LogDelivery", "", "vended log deliveries have no resource level"),
    ("logs:ListLogDeliveries", "", "vended log deliveries have no resource level"),
    ("logs:PutResourcePolicy", "", "vended log deliveries have no resource level"),
    ("logs:DescribeResourcePolicies", "", "vended log deliveries have no resource level"),
    ("logs:DescribeLogGroups", "", "asked by the service that delivers vended logs"),
    ("sts:GetCallerIdentity", "", "anyone may ask who they are"),
    ("secretsmanager:GetRandomPassword", "", "a random password is nobody's"),
    ("sagemaker:ListModelPackages", "", "lists have no resource level; what a list tells is no model"),
    ("sagemaker:ListTags", "", "asked before the resource's name is known"),
)
"""Action (`*` stands for any letters) · condition key that must bound it, if AWS has one · why nothing can be named."""

NETWORK_INTERFACE_ACTIONS = frozenset(
    f"ec2:{name}"
    for name in (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "CreateNetworkInterfacePermission",
        "DeleteNetworkInterface",
        "UnassignPrivateIpAddresses",
    )
)
"""What a service needs to place its work in a VPC, on interfaces that have no name before.

Right only where the document denies them to the code itself (`lambda:SourceFunctionArn`), where a condition such as
`ec2:Subnet` bounds them, or where the statement names the subnets that the interfaces are made in.
"""


EVERY_TOPIC = "arn:aws:sns:*:*:*"
"""Whoever may send text messages, to numbers that no ARN names, is denied these."""


def whole_service(action: str) -> bool:
    """True for `*` and for an action that leaves out part of its name."""
    return "*" in action or "?" in action


def whole_kind(resource: str) -> bool:
    """True for an ARN that leaves the name of the resource open, such as `arn:aws:dynamodb:eu-west-1:1:table/*`."""
    if resource == "*":
        return True
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return True
    name = parts[5]
    if parts[2] == "s3":
        return name.startswith("*")
    rest = name.replace(":", "/").split("/", 1)
    return name.startswith("*") or (len(rest) == 2 and rest[1].strip("*/:") == "")


def wildcard_actions(node: Node) -> Iterable[str]:
    """Actions are named in full."""
    for row in statements(_document(node)):
        if row.allows and (open_ones := [action for action in row.actions if whole_service(action)]):
            yield f"{row.label} allows {', '.join(open_ones)}"
        if row.allows and row.not_actions:
            yield f"{row.label} allows all but {', '.join(row.not_actions)} (NotAction)"


def wildcard_resources(node: Node) -> Iterable[str]:
    """Resources are named; `*` stands only where the action has none."""
    rows = list(statements(_document(node)))
    code_denied = any(not row.allows and "lambda:sourcefunctionarn" in row.condition_keys for row in rows)
    topics_denied = any(
        not row.allows and "sns:Publish" in row.actions and EVERY_TOPIC in row.resources and not row.condition
        for row in rows
    )
    for row in rows:
        if not row.allows:
            continue
        if row.not_resources:
            yield f"{row.label} allows all resources but {', '.join(row.not_resources)} (NotResource)"
        open_ones = [resource for resource in row.resources if whole_kind(resource)]
        faults: dict[str, list[str]] = {}
        for action in row.actions if open_ones else ():
            # A text message to a telephone has no topic.
            if action == "sns:Publish" and topics_denied:
                continue
            if fault := _unbounded(action, row, open_ones, code_denied=code_denied):
                faults.setdefault(fault, []).append(action)
        for fault, actions in faults.items():
            yield f"{row.label} allows {', '.join(actions)} on {', '.join(open_ones)}{fault}"


def _unbounded(action: str, row: Statement, open_ones: list[str], *, code_denied: bool) -> str:
    """What is wrong with an action on any resource; empty where it is right."""
    if action in NETWORK_INTERFACE_ACTIONS:
        only_interfaces = all(":network-interface/" in name for name in open_ones)
        in_named_subnets = only_interfaces and any(":subnet/" in name for name in row.resources)
        if code_denied or row.condition_keys or in_named_subnets:
            return ""
        return " without naming the subnets, a condition on ec2:Subnet, or a denial for the function's own code"
    for pattern, key, _ in WITHOUT_RESOURCE:
        if fnmatchcase(action, pattern):
            return f" without a condition on {key}" if key and key not in row.condition_keys else ""
    if row.condition_keys & {"iam:passedtoservice"} and action == "iam:PassRole":
        return ", which passes every role"
    tagged = any(key.startswith("aws:resourcetag/") for key in row.condition_keys)
    return "" if tagged else ", which leaves the resource open"


def passes_bounded(node: Node) -> Iterable[str]:
    """A role is passed to one service."""
    for row in statements(_document(node)):
        if row.allows and "iam:PassRole" in row.actions and "iam:passedtoservice" not in row.condition_keys:
            yield f"{row.label} passes {', '.join(row.resources)} to any service"


def decrypts_bounded(node: Node) -> Iterable[str]:
    """Nobody decrypts by every key."""
    for row in statements(_document(node)):
        decrypts = {"kms:Decrypt", "kms:ReEncryptFrom", "kms:*", "*"} & set(row.actions)
        if row.allows and decrypts and any(whole_kind(name) for name in row.resources):
            yield f"{row.label} allows {', '.join(sorted(decrypts))} by {', '.join(row.resources)}"


def trusts_named(role: Node) -> Iterable[str]:
    """A role is assumed by named principals; other accounts are bounded."""
    account = str(role.props.get("arn", "")).split(":")[4:5] if isinstance(role.props.get("arn"), str) else []
    for row in statements(role.props.get("assumeRolePolicy")):
        if not row.allows:
            continue
        if row.anyone:
            yield f"trust: {row.label} lets everyone assume it"
        for name in row.principals.get("AWS", ()):
            foreign = name != "*" and account and account[0] not in name
            if foreign and not row.condition_keys & (BOUNDING_KEYS | {"sts:externalid"}):
                yield f"trust: {row.label} lets {name} assume it without sts:ExternalId or an organisation"
        for name in row.principals.get("Federated", ()):
            if not any(key.endswith((":aud", ":sub")) for key in row.condition_keys):
                yield f"trust: {row.label} lets every identity of {name} assume it"


def no_administrators(node: Node) -> Iterable[str]:
    """No policy of AWS's that gives a whole service, or everything, away."""
    for name in [*node.rows("policyArn"), *node.rows("managedPolicyArns"), *node.rows("policyArns")]:
        short = str(name).rsplit("/", 1)[-1]
        if short in {"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"} or short.endswith("FullAccess"):
            yield f"it attaches {short}"


def _document(node: Node) -> object:
    return node.props.get("policy")


RULES = (
    Rule(
        id="iam-actions-named",
        severity="high",
        controls=("FSBP IAM.1", "FSBP IAM.21", "CIS 1.16"),
        types=(INLINE, MANAGED),
        what="Policies name each action in full.",
        why="A wildcard grants tomorrow's actions too, and nobody can review what a role may do.",
        mend="list the actions that the code calls",
        check=wildcard_actions,
    ),
    Rule(
        id="iam-resources-named",
        severity="high",
        controls=("FSBP IAM.1", "CIS 1.16"),
        types=(INLINE, MANAGED),
        what="Policies name the resources; `*` only for actions that have none, listed in `policies/rules/iam.py`.",
        why="One function could read every table, bucket or secret of the account.",
        mend="name the ARN, bound by aws:ResourceTag, or add the action with a reason to WITHOUT_RESOURCE",
        check=wildcard_resources,
    ),
    Rule(
        id="iam-pass-role-bounded",
        severity="high",
        types=(INLINE, MANAGED),
        what="Roles are passed to one service.",
        why="Whoever passes a role to a service of his choice gets that role's rights.",
        mend="add a condition StringEquals iam:PassedToService",
        check=passes_bounded,
    ),
    Rule(
        id="iam-decrypt-bounded",
        severity="high",
        controls=("FSBP KMS.1", "FSBP KMS.2"),
        types=(INLINE, MANAGED),
        what="Nobody decrypts by every key.",
        why="Rights on a key are the last line when rights on data were too wide.",
        mend="name the keys in Resource",
        check=decrypts_bounded,
    ),
    Rule(
        id="iam-trust-named",
        severity="critical",
        types=(ROLE,),
        what="Roles are assumed by named services and bounded accounts and identities.",
        why="Whoever can assume a role has all of its rights.",
        mend="name the service or account, and bound other accounts by sts:ExternalId and identities by aud and sub",
        check=trusts_named,
    ),
    Rule(
        id="iam-no-administrator",
        severity="critical",
        controls=("FSBP IAM.1", "CIS 1.16"),
        types=(ROLE, *ATTACHMENTS),
        what="No role has AWS's administrator, power user or full access policies.",
        why="They hold far more than any part of the platform needs.",
        mend="give the role statements of its own",
        check=no_administrators,
    ),
    Rule(
        id="iam-no-users",
        severity="high",
        controls=("FSBP IAM.2", "CIS 1.15"),
        types=USER_TYPES,
        what="The platform makes no IAM user and no access key.",
        why="A long-lived key ends up in a file; roles have none.",
        mend="use a role, or an identity provider for people",
        check=lambda node: [f"{node.type} is not allowed"],
    ),
)
