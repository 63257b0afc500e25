"""Lambda functions: supported, private, traced, logged, and no event lost."""

from __future__ import annotations

from collections.abc import Iterable

from policies.conditions import must_be, same
from policies.resources import Node, Unknown, read
from policies.rule import Rule

FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
EVENT_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
ALIAS = "aws:lambda/alias:Alias"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
SUBNET = "aws:ec2/subnet:Subnet"

SUPPORTED_RUNTIMES = frozenset(
    {
        *("python3.12", "python3.13", "python3.14"),
        *("nodejs22.x", "nodejs24.x"),
        *("java17", "java21", "java25"),
        *("dotnet10", "ruby3.3", "ruby3.4", "provided.al2023"),
    }
)
"""Runtimes that AWS supports for months to come (Lambda Developer Guide, "Lambda runtimes", November 2026)."""


def runtime_supported(function: Node) -> Iterable[str]:
    """The runtime still gets security patches; a container image has none."""
    if function.read("packageType", "Zip") == "Zip" and function.read("runtime") not in SUPPORTED_RUNTIMES:
        yield f"runtime is {function.read('runtime')!r}; allowed: {', '.join(sorted(SUPPORTED_RUNTIMES))}"


def permission_bounded(permission: Node) -> Iterable[str]:
    """A service may call only for a named source of this account."""
    principal = permission.read("principal")
    bounds = [permission.props.get(name) for name in ("sourceArn", "sourceAccount", "principalOrgId")]
    # A source that is not known yet is a source all the same: it comes from another resource.
    bounded = any(isinstance(bound, Unknown) or bound for bound in bounds)
    if principal == "*" and not bounded:
        yield "principal is '*' without sourceArn, sourceAccount or principalOrgId"
    elif str(principal).endswith(".amazonaws.com") and not bounded:
        yield f"principal is {principal!r} without sourceArn or sourceAccount"
    if permission.read("functionUrlAuthType") == "NONE":
        yield "functionUrlAuthType is 'NONE'; allowed: 'AWS_IAM'"


def log_group_kept(function: Node) -> Iterable[str]:
    """A log group with a retention exists under the name that the function writes to."""
    name = function.read("loggingConfig.logGroup") or f"/aws/lambda/{function.read('name', function.name)}"
    found = [group for group in function.stack.of_type(LOG_GROUP) if group.read("name") == name]
    if not found:
        yield f"no log group has the name {name!r}, so Lambda makes one that is never emptied nor encrypted by our key"


def names_of(function: Node) -> list[Node]:
    """The function and its aliases: events may be sent to any of them."""
    return [function, *function.companions(ALIAS, "functionName")]


def called_by_events(function: Node) -> list[str]:
    """What calls the function without waiting for the answer."""
    callers = []
    for node in names_of(function):
        callers += [target.name for target in node.companions(EVENT_TARGET, "arn")]
        callers += [topic.name for topic in node.companions(SUBSCRIPTION, "endpoint")]
        for schedule in function.stack.of_type(SCHEDULE):
            target = schedule.props.get("target")
            if not isinstance(target, Unknown) and read(target, "arn") in node.identities:
                callers.append(schedule.name)
    return callers


def failures_kept(function: Node) -> Iterable[str]:
    """What an event could not do goes to a queue or topic."""
    callers = called_by_events(function)
    if not callers or function.read("deadLetterConfig.targetArn"):
        return
    configs = [config for node in names_of(function) for config in node.companions(EVENT_CONFIG, "functionName")]
    if not any(config.read("destinationConfig.onFailure.destination") for config in configs):
        yield f"{', '.join(callers)} call it without waiting, and it has neither deadLetterConfig nor onFailure"


def reaches_cache(function: Node) -> Iterable[str]:
    """A function that is told the cache's address stands in the VPC."""
    variables = function.read("environment.variables", {})
    hosts = [value for key, value in variables.items() if key.upper().endswith("CACHE_HOST")]
    if hosts and function.stack.of_type(CACHE) and not function.rows("vpcConfig.subnetIds"):
        yield "environment has CACHE_HOST, and vpcConfig has no subnetIds: the cache cannot be reached"


def several_zones(function: Node) -> Iterable[str]:
    """A function stands in two zones at least where its VPC has two, besides subnets for databases alone."""
    subnets = function.rows("vpcConfig.subnetIds")
    named = {name for name in subnets if isinstance(name, str)}
    known = function.stack.of_type(SUBNET)
    # Another region of the stack has a VPC of its own, and may have more zones.
    own = {node.read("vpcId") for node in known if named & node.identities or node.urn in function.dependencies}
    open_to_functions = [node for node in known if node.read("tags.Tier") != "data" and node.read("vpcId") in own]
    zones = {zone for node in open_to_functions if isinstance(zone := _zone(node), str)}
    if subnets and len(zones) > 1 and len(subnets) < 2:
        yield f"vpcConfig has {len(subnets)} subnet; allowed: 2 or more, the VPC has {len(zones)} zones"


def _zone(subnet: Node) -> object:
    return subnet.props.get("availabilityZone") or subnet.props.get("availabilityZoneId")


def encrypted_environment(function: Node) -> Iterable[str]:
    """Variables are encrypted by a key of ours."""
    variables = function.read("environment.variables", {})
    if variables and not function.read("kmsKeyArn"):
        yield "environment has variables, and kmsKeyArn is not set"


def no_secret_variable(function: Node) -> Iterable[str]:
    """Variables name secrets, they do not hold them."""
    for key, value in sorted(function.read("environment.variables", {}).items()):
        told = key.lower().endswith(("password", "token", "secret", "private_key", "api_key"))
        if told and not isinstance(value, Unknown) and value and not str(value).startswith("arn:"):
            yield f"environment variable {key} holds a value that looks like a secret (not shown)"


def url_signed(url: Node) -> Iterable[str]:
    """A function URL asks for a signature."""
    if not same(url.read("authorizationType", "NONE"), "AWS_IAM"):
        yield f"authorizationType is {url.read('authorizationType', 'NONE')!r}; allowed: 'AWS_IAM'"


RULES = (
    Rule(
        id="lambda-runtime-supported",
        severity="medium",
        controls=("FSBP Lambda.2",),
        types=(FUNCTION,),
        what="Every function runs on a runtime that AWS still supports.",
        why="A runtime without support gets no security patch, and later no update at all.",
        mend="set runtime to a supported version",
        check=runtime_supported,
    ),
    Rule(
        id="lambda-permission-bounded",
        severity="critical",
        controls=("FSBP Lambda.1",),
        types=(PERMISSION,),
        what="A service may call a function only for a named source.",
        why="Otherwise anyone's API, bucket or rule could call it through that service.",
        mend="set source_arn, or source_account where the source has no ARN",
        check=permission_bounded,
    ),
    Rule(
        id="lambda-url-signed",
        severity="critical",
        controls=("FSBP Lambda.1",),
        types=(FUNCTION_URL,),
        what="A function URL asks for an IAM signature.",
        why="It would be a second way in, past WAF, authorizer and throttle.",
        mend="set authorization_type to AWS_IAM, or route through the API",
        check=url_signed,
    ),
    Rule(
        id="lambda-traced",
        severity="low",
        controls=("FSBP Lambda.7",),
        types=(FUNCTION,),
        what="Every function is traced by X-Ray.",
        why="A slow answer could not be followed from the gateway to the model.",
        mend="set tracing_config.mode to Active",
        check=must_be("tracingConfig.mode", "Active", default="PassThrough"),
    ),
    Rule(
        id="lambda-log-group-declared",
        severity="medium",
        controls=("FSBP CloudWatch.16",),
        types=(FUNCTION,),
        scope="stack",
        what="Every function writes to a log group that the program declares.",
        why="The log group that Lambda makes by itself is kept for ever and not encrypted by our key.",
        mend="declare a LogGroup with the name /aws/lambda/<function>, retention and key",
        check=log_group_kept,
    ),
    Rule(
        id="lambda-failures-kept",
        severity="medium",
        types=(FUNCTION,),
        scope="stack",
        what="A function that events call keeps what it could not do.",
        why="Lambda drops an event after two retries; an approval or an alarm would be lost without a trace.",
        mend="set dead_letter_config, or a FunctionEventInvokeConfig with destination_config.on_failure",
        check=failures_kept,
    ),
    Rule(
        id="lambda-in-vpc-for-cache",
        severity="high",
        controls=("FSBP Lambda.3",),
        types=(FUNCTION,),
        scope="stack",
        what="A function that uses the stack's cache stands in the VPC.",
        why="The cache is private; every call would wait for a time-out.",
        mend="set vpc_config with private subnets and the security group that the cache lets in",
        check=reaches_cache,
    ),
    Rule(
        id="lambda-several-zones",
        severity="medium",
        controls=("FSBP Lambda.5",),
        types=(FUNCTION,),
        scope="stack",
        what="A function in a VPC of several zones stands in two at least; subnets tagged Tier=data do not count.",
        why="The loss of one zone would take it down.",
        mend="give vpc_config the private subnets of all zones",
        check=several_zones,
    ),
    Rule(
        id="lambda-environment-encrypted",
        severity="medium",
        types=(FUNCTION,),
        what="A function's variables are encrypted by a key of ours.",
        why="Whoever may read the configuration would read them in clear text.",
        mend="set kms_key_arn",
        check=encrypted_environment,
    ),
    Rule(
        id="lambda-no-secret-in-environment",
        severity="high",
        types=(FUNCTION,),
        what="No variable holds a password, token or key.",
        why="Variables are shown in the console and in every description of the function.",
        mend="keep the value in Secrets Manager and pass the secret's ARN",
        check=no_secret_variable,
    ),
)
