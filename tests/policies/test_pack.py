"""The pack as the official engine uses it: as policies, and as the server that the CLI starts."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from pulumi.runtime import proto
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.policy import _NotApplicableError
from pulumi_policy.proxy import unknown_checking_proxy

import policies
from policies.__main__ import PACK
from policies.__main__ import policies as pack
from tests.policies.cases import ground, rights, storage
from tests.policies.messages import struct
from tests.policies.rows import UNKNOWN, Row, but, row

empty_pb2 = importlib.import_module("google.protobuf.empty_pb2")  # has no type information
POLICIES = {policy.name: policy for policy in pack()}
DATA, POOL = list(storage.DATA), list(rights.POOL)
KEY = but(rights.KEY, "key", tags=ground.TAGS)


def options(resource: Row) -> PolicyResourceOptions:
    return PolicyResourceOptions(resource.protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])


def validated(name: str, resource: Row) -> list[str]:
    """What the policy reports for one resource, its unknown values behind the SDK's proxy."""
    policy = POLICIES[name]
    assert isinstance(policy, ResourceValidationPolicy)
    props: Any = unknown_checking_proxy(dict(resource.inputs))
    found: list[str] = []
    args = ResourceValidationArgs(resource.type, props, resource.urn, resource.name, options(resource), None)
    policy.validate(args, lambda message, _urn=None: found.append(message))
    return found


def stack_validated(name: str, resources: list[Row]) -> list[tuple[str, str | None]]:
    policy = POLICIES[name]
    assert isinstance(policy, StackValidationPolicy)
    made = {
        resource.urn: PolicyResource(
            resource.type,
            unknown_checking_proxy({**resource.outputs, **resource.inputs}),
            resource.urn,
            resource.name,
            options(resource),
            None,
            None,
            [],
            {},
        )
        for resource in resources
    }
    for resource in resources:
        made[resource.urn].dependencies = [made[urn] for urn in resource.dependencies]
        made[resource.urn].property_dependencies = {
            prop: made[resource.urn].dependencies for prop, value in resource.inputs.items() if value == UNKNOWN
        }
    found: list[tuple[str, str | None]] = []
    policy.validate(StackValidationArgs(list(made.values())), lambda message, urn=None: found.append((message, urn)))
    return found


def test_every_rule_is_one_mandatory_policy_with_its_facts() -> None:
    assert set(POLICIES) == {rule.id for rule in policies.RULES} | {"exemption-in-force", "verdicts-not-held"}
    for rule in policies.RULES:
        policy: Policy = POLICIES[rule.id]
        assert policy.enforcement_level is EnforcementLevel.MANDATORY
        assert policy.severity is not None
        assert policy.severity.value == rule.severity
        assert policy.remediation_steps == rule.mend
        assert isinstance(policy, StackValidationPolicy) == (rule.scope == "stack")
        assert (policy.framework is not None) == bool(rule.controls)


def configured(name: str, resource: Row, config: dict[str, Any]) -> list[str]:
    """What the policy reports with options of the CLI."""
    policy = POLICIES[name]
    assert isinstance(policy, ResourceValidationPolicy)
    found: list[str] = []
    props: Any = unknown_checking_proxy(dict(resource.inputs))
    args = ResourceValidationArgs(resource.type, props, resource.urn, resource.name, options(resource), None, config)
    policy.validate(args, lambda message, _urn=None: found.append(message))
    return found


def test_options_of_the_cli_reach_the_rule() -> None:
    bucket = row("aws:s3/bucket:Bucket", tags={"Team": "a"})
    assert configured("tags-present", bucket, {"required": ["Team"]}) == []
    assert "tags lacks Stage" in configured("tags-present", bucket, {"required": ["Team", "Stage"]})[0]
    assert "tags lacks Project" in configured("tags-present", bucket, {})[0]


def test_rules_with_options_tell_their_schema_and_defaults() -> None:
    told = {name: policy.config_schema.properties for name, policy in POLICIES.items() if policy.config_schema}
    assert told == {rule.id: rule.options for rule in policies.RULES if rule.options}
    assert all("default" in schema for schemas in told.values() for schema in schemas.values())


def test_a_policy_reports_what_is_broken_and_nothing_else() -> None:
    assert validated("kms-rotated", KEY[0]) == []
    assert validated("kms-rotated", but(KEY, "key", enableKeyRotation=False)[0]) == [
        "key (aws:kms/key:Key): enableKeyRotation is False; allowed: True. To mend: set enable_key_rotation to True"
    ]
    assert validated("kms-rotated", DATA[0]) == []


def test_a_policy_sees_protection() -> None:
    assert (
        "the program keeps it"
        in validated("cognito-deletion-protected", but(POOL, "pool", deletionProtection=None)[0])[0]
    )


def test_an_unknown_value_makes_a_policy_not_applicable_and_names_it() -> None:
    with pytest.raises(_NotApplicableError) as caught:
        validated("kms-rotated", but(KEY, "key", enableKeyRotation=UNKNOWN)[0])
    assert str(caught.value.reason).endswith("enableKeyRotation is not known before the update")


def test_a_stack_policy_names_the_resource() -> None:
    assert stack_validated("s3-versioned", DATA) == []
    ((message, urn),) = stack_validated("s3-versioned", [r for r in DATA if r.name != "data-versioning"])
    assert urn == DATA[0].urn
    assert message.startswith("data (aws:s3/bucket:Bucket): no versioning")


def test_before_names_are_known_resources_are_tied_by_what_they_wait_for() -> None:
    blind = [but([one], one.name, bucket=UNKNOWN)[0] if "bucket" in one.inputs else one for one in DATA]
    assert stack_validated("s3-versioned", blind) == []
    assert stack_validated("s3-public-access-blocked", but(blind, "data-block", blockPublicAcls=False)) != []


def test_exemptions_and_undecided_verdicts_are_told() -> None:
    secret = row("aws:secretsmanager/secret:Secret", "token", kmsKeyId=UNKNOWN)
    pool = row("aws:cognito/userPool:UserPool", "api-identity-pool", deletionProtection="ACTIVE")
    told = [message for message, _ in stack_validated("verdicts-not-held", [secret, pool])]
    exempt = "cognito-threat-protection is broken and exempt: api-identity-pool: until "
    assert any(message.startswith(exempt) for message in told)
    assert "1 verdicts are not decidable before the update: secret-encrypted-by-own-key" in told
    assert stack_validated("exemption-in-force", [secret, pool]) == []
    assert stack_validated("secret-rotated", [secret]) != []


def test_the_server_tells_the_cli_its_rules(server: Any) -> None:
    info = server.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == PACK
    assert {policy.name for policy in info.policies} == set(POLICIES)
    assert {policy.enforcementLevel for policy in info.policies if policy.name != "verdicts-not-held"} == {
        proto.MANDATORY
    }


def analyzed(server: Any, resource: Row) -> Any:
    request = proto.AnalyzeRequest(
        type=resource.type, properties=struct(resource.inputs), urn=resource.urn, name=resource.name
    )
    return server.Analyze(request)


def test_the_server_refuses_a_resource_before_it_is_created(server: Any) -> None:
    (diagnostic,) = analyzed(server, but(KEY, "key", enableKeyRotation=False)[0]).diagnostics
    assert diagnostic.policyName == "kms-rotated"
    assert diagnostic.enforcementLevel == proto.MANDATORY
    assert "enableKeyRotation is False" in diagnostic.message


def test_the_server_says_what_is_not_decidable(server: Any) -> None:
    response = analyzed(server, but(KEY, "key", policy=UNKNOWN)[0])
    assert list(response.diagnostics) == []
    undecided = {"kms-not-public", "kms-services-bounded", "policy-wildcards-explained"}
    assert {row_of.policy_name for row_of in response.not_applicable} == undecided


def test_the_server_judges_a_whole_stack(server: Any) -> None:
    resources = [one for one in (*DATA, *ground.TOPICS) if one.name != "data-versioning"]
    rows = [
        proto.AnalyzerResource(
            type=one.type,
            properties=struct({**one.outputs, **one.inputs}),
            urn=one.urn,
            name=one.name,
            dependencies=list(one.dependencies),
        )
        for one in resources
    ]
    response = server.AnalyzeStack(proto.AnalyzeStackRequest(resources=rows))
    assert {
        (found.policyName, found.urn) for found in response.diagnostics if found.enforcementLevel == proto.MANDATORY
    } == {
        ("s3-versioned", DATA[0].urn),
        ("s3-access-logged", DATA[0].urn),
    }
