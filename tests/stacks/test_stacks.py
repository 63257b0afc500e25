"""Each stack evaluates to the graph that is on record, private, tagged, protected, and the same each time.

A URN that disappears is a resource that AWS deletes: when a name or a parent changes on purpose, add an alias.
After a change on purpose, write the records again with `python -m tests.stacks.golden`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.components.recorder import Recorded
from tests.stacks.golden import lines, path
from tests.stacks.platform import STACKS, artifacts, configuration, evaluated, run, shared

STATEFUL = {
    "aws:dynamodb/table:Table",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
}
every_stack = pytest.mark.parametrize("stack", STACKS)


def custom(stack: str) -> list[Recorded]:
    return [resource for resource in evaluated(stack).resources if resource.custom]


def providers(stack: str) -> list[Recorded]:
    """One a region."""
    return evaluated(stack).of_type("pulumi:providers:aws")


def documents(stack: str) -> list[tuple[Recorded, dict[str, Any]]]:
    """Every policy document with the resource that carries it."""
    return [
        (resource, json.loads(resource.inputs[key]))
        for resource in custom(stack)
        for key in ("policy", "assumeRolePolicy")
        if isinstance(resource.inputs.get(key), str)
    ]


@every_stack
def test_graph_is_the_one_on_record(stack: str) -> None:
    recorded = path(stack).read_text(encoding="utf-8").splitlines()
    assert lines(evaluated(stack)) == recorded, "after a change on purpose: python -m tests.stacks.golden"


@every_stack
def test_no_urn_appears_twice(stack: str) -> None:
    urns = [resource.urn for resource in evaluated(stack).resources]
    assert len(urns) == len(set(urns))


@every_stack
def test_a_second_run_makes_the_same_inputs(stack: str) -> None:
    first, second = evaluated(stack), run(stack, shared())

    def plain(resources: list[Recorded]) -> dict[str, Any]:
        return {resource.urn: json.dumps(resource.inputs, sort_keys=True) for resource in resources}

    assert plain(first.resources) == plain(second.resources)
    assert first.exports == second.exports


@every_stack
def test_every_resource_but_the_provider_stands_in_a_component(stack: str) -> None:
    orphans = [resource.name for resource in custom(stack) if not resource.parent]
    assert orphans == [provider.name for provider in providers(stack)]


@every_stack
def test_every_resource_comes_from_the_provider_of_its_region(stack: str) -> None:
    known = {provider.urn: "standby" in provider.name for provider in providers(stack)}
    others = [
        resource.urn
        for resource in custom(stack)
        if resource.urn not in known and known.get(resource.provider) is not resource.name.startswith("standby-")
    ]
    assert others == []


@every_stack
def test_the_providers_tag_everything(stack: str) -> None:
    for provider in providers(stack):
        tags = json.loads(provider.inputs["defaultTags"])["tags"]
        assert {"Project": "mlplatform", "Environment": stack, "ManagedBy": "pulumi"}.items() <= tags.items()
        assert {"Owner", "CostCenter"} <= set(tags)


@every_stack
def test_nothing_is_public(stack: str) -> None:
    recording = evaluated(stack)
    assert [s.name for s in recording.of_type("aws:ec2/subnet:Subnet") if s.inputs["mapPublicIpOnLaunch"]] == []
    blocks = recording.of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    buckets = recording.of_type("aws:s3/bucket:Bucket")
    # Four of the lake and the site's in each region; records of the account's audit are kept once.
    assert len(buckets) == 5 * len(providers(stack)) + len(recording.of_type("aws:cloudtrail/trail:Trail"))
    assert len(blocks) == len(buckets)
    assert all(len([value for value in block.inputs.values() if value is True]) == 4 for block in blocks)
    ingress = recording.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert [rule.name for rule in ingress if "referencedSecurityGroupId" not in rule.inputs] == []
    assert recording.of_type("aws:ec2/internetGateway:InternetGateway") == []
    open_to_all = [
        f"{resource.name}: {statement.get('Sid')}"
        for resource, document in documents(stack)
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and "Condition" not in statement
    ]
    assert open_to_all == []


@every_stack
def test_no_role_may_do_everything(stack: str) -> None:
    wide = [
        f"{resource.name}: {action}"
        for resource, document in documents(stack)
        if resource.type == "aws:iam/rolePolicy:RolePolicy"
        for statement in document["Statement"]
        for action in statement["Action"]
        if statement["Effect"] == "Allow" and action.endswith("*")
    ]
    assert wide == []


@every_stack
def test_what_holds_data_is_protected_as_the_stack_says(stack: str) -> None:
    protect = json.loads(configuration(stack)["mlplatform:data"])["protect"]
    found = {resource.type: resource.protect for resource in custom(stack) if resource.type in STATEFUL}
    assert found == dict.fromkeys(STATEFUL, protect)
    tables = evaluated(stack).of_type("aws:dynamodb/table:Table")
    assert {table.inputs["deletionProtectionEnabled"] for table in tables} == {protect}


@every_stack
def test_every_log_group_is_encrypted_and_ends(stack: str) -> None:
    groups = evaluated(stack).of_type("aws:cloudwatch/logGroup:LogGroup")
    wrong = [group.name for group in groups if not group.inputs.get("kmsKeyId") or not group.inputs["retentionInDays"]]
    assert wrong == []
    assert {group.inputs["retentionInDays"] for group in groups} == {30 if stack == "dev" else 90}


@every_stack
def test_statements_have_names_that_iam_takes(stack: str) -> None:
    for resource, document in documents(stack):
        sids = [statement["Sid"] for statement in document["Statement"] if "Sid" in statement]
        assert len(sids) == len(set(sids)), resource.name
        assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids), (resource.name, sids)


@every_stack
def test_policies_keep_within_the_sizes_that_iam_allows(stack: str) -> None:
    limits = {
        "aws:iam/rolePolicy:RolePolicy": 10_240,
        "aws:kms/key:Key": 32_768,
        "aws:s3/bucketPolicy:BucketPolicy": 20_480,
    }
    large = [
        (resource.name, len(resource.inputs["policy"]))
        for resource in custom(stack)
        if resource.type in limits and len(resource.inputs["policy"]) > limits[resource.type]
    ]
    assert large == []


HURRIED = {"signup": 5}
"""Functions whose caller waits for less than 30 s, by the end of their name: Cognito gives its triggers 5 s."""


@every_stack
def test_functions_have_memory_and_time_within_what_was_asked(stack: str) -> None:
    functions = evaluated(stack).of_type("aws:lambda/function:Function")
    wrong = [
        f"{function.name}: {function.inputs['memorySize']} MB, {function.inputs['timeout']} s"
        for function in functions
        if not 512 <= function.inputs["memorySize"] <= 3008
        or not HURRIED.get(function.inputs["name"].rpartition("-")[2], 30) <= function.inputs["timeout"] <= 900
    ]
    assert wrong == []


@every_stack
def test_a_preview_of_an_empty_account_declares_the_same_resources(stack: str) -> None:
    preview = run(stack, shared(), preview=True)
    assert {resource.urn for resource in preview.resources} == {resource.urn for resource in evaluated(stack).resources}


@every_stack
def test_exports_are_those_that_users_rely_on(stack: str) -> None:
    exports = evaluated(stack).exports
    expected = EXPORTS + (STANDBY_EXPORTS if len(providers(stack)) > 1 else ()) + OPTIONAL_EXPORTS.get(stack, ())
    assert sorted(exports) == sorted(expected)
    assert [key for key, value in exports.items() if not value] == []


EXPORTS = (
    *("alarm_topic_arn", "critical_alarm_topic_arn", "api_url", "dashboard_name", "endpoint_name"),
    *("logs_bucket", "model_package_group"),
    *("models_bucket", "processed_bucket", "raw_bucket", "site_bucket", "site_url", "state_machine_arn"),
    *("identity_pool_id", "user_pool_client_id", "user_pool_id"),
)

OPTIONAL_EXPORTS: Mapping[str, tuple[str, ...]] = {"dev": ("grafana_dashboards",)}
"""What only some stacks ask for."""
STANDBY_EXPORTS = (
    *("standby_alarm_topic_arn", "standby_api_url", "standby_models_bucket", "standby_raw_bucket", "standby_region"),
    *("standby_critical_alarm_topic_arn", "standby_site_bucket"),
    *("standby_state_machine_arn", "standby_user_pool_client_id", "standby_user_pool_id"),
)


def test_a_missing_archive_names_itself_and_the_remedy(tmp_path: Path) -> None:
    directory = artifacts(tmp_path)
    (directory / "functions" / "predictions.zip").unlink()
    (directory / "layer.zip").unlink()
    with pytest.raises(Exception, match="make package") as caught:
        run("dev", directory)
    assert "functions/predictions.zip" in str(caught.value)
    assert "layer.zip" in str(caught.value)


def test_a_damaged_evaluation_names_itself_and_the_remedy(tmp_path: Path) -> None:
    directory = artifacts(tmp_path)
    (directory / "baseline" / "evaluation.json").write_text("{", encoding="utf-8")
    with pytest.raises(Exception, match=r"evaluation\.json is damaged .* run `make clean package`"):
        run("dev", directory)


def test_another_model_or_other_code_changes_what_is_uploaded(tmp_path: Path) -> None:
    directory = artifacts(tmp_path)
    before = {r.name: r.inputs["key"] for r in run("dev", directory).of_type("aws:s3/bucketObjectv2:BucketObjectv2")}
    (directory / "baseline" / "model.tar.gz").write_bytes(b"another model")
    (directory / "training" / "sourcedir.tar.gz").write_bytes(b"other code")
    after = {r.name: r.inputs["key"] for r in run("dev", directory).of_type("aws:s3/bucketObjectv2:BucketObjectv2")}
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] == after[name]] == []


def test_environments_differ_only_by_configuration() -> None:
    program = [Path("__main__.py"), *Path("components").rglob("*.py")]
    named = [
        f"{file}:{number}"
        for file in program
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"""(==|!=|\bin\b)\s*\(?["'](dev|staging|prod)["']""", line)
    ]
    assert named == []
