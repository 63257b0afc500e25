"""The pack behind the official engine's protocol: no false alarm over whole stacks, levels and options of the CLI."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import fastjsonschema
import pytest
from pulumi.runtime import proto

from policies import RULES
from policies.unpacked import Once
from tests.policies.cases import ground, rights
from tests.policies.messages import previewed, registered, struct
from tests.policies.rows import but
from tests.stacks import platform

empty_pb2 = importlib.import_module("google.protobuf.empty_pb2")  # has no type information
json_format = importlib.import_module("google.protobuf.json_format")

(WRONG,) = but(rights.KEY, "key", tags=ground.TAGS, enableKeyRotation=False)
KINDS = ("aws:apigateway", "aws:wafv2", "pulumi:providers")
every_stack = pytest.mark.parametrize("stack", ["dev", "prod"])


def alarms(diagnostics: Any) -> list[str]:
    """What would stop the update."""
    return [
        f"{found.policyName}: {found.urn} {found.message}"
        for found in diagnostics
        if found.enforcementLevel == proto.MANDATORY
    ]


@every_stack
def test_no_resource_of_an_empty_accounts_preview_is_refused(server: Any, stack: str) -> None:
    answers = [server.Analyze(message) for message in registered(platform.previewed(stack).resources)]
    assert [text for answer in answers for text in alarms(answer.diagnostics)] == []
    assert any(list(answer.not_applicable) for answer in answers)


@every_stack
def test_no_whole_stack_of_an_empty_accounts_preview_is_refused(server: Any, stack: str) -> None:
    messages = previewed(platform.previewed(stack).resources)
    answer = server.AnalyzeStack(proto.AnalyzeStackRequest(resources=messages))
    assert alarms(answer.diagnostics) == []
    told = [found.message for found in answer.diagnostics]
    assert any("cognito-threat-protection is broken and exempt: api-identity-pool" in text for text in told)
    assert any("are not decidable before the update" in text for text in told)


def test_an_api_without_its_firewall_is_refused_in_the_preview_too(server: Any) -> None:
    named = [row for row in platform.previewed("dev").resources if row.type.startswith(KINDS)]
    bare = [row for row in named if row.type != "aws:wafv2/webAclAssociation:WebAclAssociation"]
    found = []
    for resources in (named, bare):
        answer = server.AnalyzeStack(proto.AnalyzeStackRequest(resources=previewed(resources)))
        found.append({text.split(":")[0] for text in alarms(answer.diagnostics)})
    assert found[1] - found[0] == {"api-behind-waf"}


def configure(server: Any, **chosen: Mapping[str, Any]) -> None:
    """Levels and options as the CLI sends what is in the file of `--policy-pack-config`."""
    server.Configure(
        proto.ConfigureAnalyzerRequest(
            policyConfig={
                name.replace("_", "-"): proto.PolicyConfig(
                    enforcementLevel=row.get("level", proto.MANDATORY), properties=struct(row.get("options", {}))
                )
                for name, row in chosen.items()
            }
        )
    )


@pytest.fixture
def configured(server: Any) -> Iterator[Any]:
    """The server, which has its own levels and options again afterwards."""
    yield server
    configure(server)


def judged(server: Any) -> list[tuple[str, int]]:
    """What is said of a key without rotation."""
    message = proto.AnalyzeRequest(type=WRONG.type, properties=struct(WRONG.inputs), urn=WRONG.urn, name=WRONG.name)
    return [(found.policyName, found.enforcementLevel) for found in server.Analyze(message).diagnostics]


def test_each_rule_has_a_level_of_its_own_for_a_stack(configured: Any) -> None:
    assert judged(configured) == [("kms-rotated", proto.MANDATORY)]
    configure(configured, kms_rotated={"level": proto.ADVISORY})
    assert judged(configured) == [("kms-rotated", proto.ADVISORY)]
    configure(configured, kms_rotated={"level": proto.DISABLED})
    assert judged(configured) == []
    configure(configured, tags_present={"options": {"required": ["Team"]}})
    assert judged(configured) == [("kms-rotated", proto.MANDATORY), ("tags-present", proto.MANDATORY)]


def test_options_are_told_with_schemas_that_refuse_other_values(server: Any) -> None:
    info = server.GetAnalyzerInfo(empty_pb2.Empty())
    told = {
        policy.name: json_format.MessageToDict(policy.configSchema.properties)
        for policy in info.policies
        if policy.HasField("configSchema")
    }
    assert sorted(told) == sorted(rule.id for rule in RULES if rule.options) != []
    for properties in told.values():
        for schema in properties.values():
            validate = fastjsonschema.compile(schema)
            assert validate(schema["default"]) == schema["default"]
            with pytest.raises(fastjsonschema.JsonSchemaValueException):
                validate(7)


def test_a_value_is_worked_out_once_and_an_equal_one_again() -> None:
    once = Once(lambda value: [*value])
    one, other = [1], [1]
    assert once(one) is once(one)
    assert once(one) is not once(other)
    assert once(other) == [1]
