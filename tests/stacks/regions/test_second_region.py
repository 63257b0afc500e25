"""The second region of prod: the same platform, fed by the first and waiting; and the other way round once active."""

from __future__ import annotations

import json
from functools import cache

import pytest

from tests.components.recorder import Recorded, Recording
from tests.stacks.platform import STACKS, configuration, evaluated, run, shared

FIRST, SECOND = "us-east-1", "us-west-2"
RULE, SCHEDULE = "aws:cloudwatch/eventRule:EventRule", "aws:scheduler/schedule:Schedule"
FUNCTION = "aws:lambda/function:Function"


def of_region(recording: Recording, region: str) -> list[Recorded]:
    return [found for found in recording.resources if found.custom and found.region == region]


@cache
def taken_over() -> Recording:
    """Prod as it is declared while the second region carries the traffic."""
    recovery = json.loads(configuration("prod")["mlplatform:recovery"]) | {"active": True}
    return run("prod", shared(), config={"mlplatform:recovery": json.dumps(recovery)})


def triggers(recording: Recording, region: str) -> dict[str, str]:
    """State of what starts trainings, by physical name."""
    names = ("mlplatform-prod-upload", "mlplatform-prod-model-decision", "mlplatform-prod-training")
    return {
        str(found.inputs["name"]): str(found.inputs["state"])
        for found in of_region(recording, region)
        if found.type in (RULE, SCHEDULE) and found.inputs.get("name") in names
    }


def test_every_function_of_the_first_region_runs_in_the_second() -> None:
    recording = evaluated("prod")
    names = [
        {found.inputs["name"] for found in of_region(recording, region) if found.type == FUNCTION}
        for region in (FIRST, SECOND)
    ]
    # The first region alone rotates what both share.
    assert names[0] - names[1] <= {"mlplatform-prod-rotation-callbacks"}
    assert names[1] - names[0] == set()
    assert "mlplatform-prod-standby" in names[1]


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_stacks_without_the_section_have_one_region_and_no_follower(stack: str) -> None:
    recording = evaluated(stack)
    assert of_region(recording, SECOND) == []
    assert [found for found in recording.resources if "follower" in found.name] == []
    assert not any(key.get("multiRegion") for key in (k.inputs for k in recording.of_type("aws:kms/key:Key")))


def test_tables_are_replicas_and_their_records_are_made_once() -> None:
    recording = evaluated("prod")
    there = {found.type for found in of_region(recording, SECOND)}
    assert not there & {"aws:dynamodb/table:Table", "aws:dynamodb/tableItem:TableItem"}
    for table in recording.of_type("aws:dynamodb/table:Table"):
        (replica,) = table.inputs["replicas"]
        assert replica["regionName"] == SECOND
        assert replica["kmsKeyArn"].startswith(f"arn:aws:kms:{SECOND}:")
        assert replica["deletionProtectionEnabled"] is True


def test_what_is_encrypted_in_both_regions_has_keys_of_several_regions() -> None:
    recording = evaluated("prod")
    primary = {key.name for key in recording.of_type("aws:kms/key:Key") if key.inputs.get("multiRegion")}
    replicas = {key.name for key in recording.of_type("aws:kms/replicaKey:ReplicaKey")}
    assert primary == {"keys-data", "keys-models", "keys-secrets"}
    assert replicas == {f"standby-{name}" for name in primary}


def test_buckets_are_replicated_both_ways_and_logs_are_not() -> None:
    found = evaluated("prod").of_type("aws:s3/bucketReplicationConfig:BucketReplicationConfig")
    assert [rule.name for rule in found] == [
        f"{label}replication-{bucket}"
        for label in ("", "standby-")
        for bucket in ("models", "processed", "raw", "site")
    ]
    # The name is that of the versioning, which replication therefore waits for.
    assert all(any("bucketVersioning" in urn for urn in rule.dependencies) for rule in found)


def test_signing_keys_are_one_secret_with_a_copy_there() -> None:
    recording = evaluated("prod")
    (secret,) = [found for found in recording.of_type("aws:secretsmanager/secret:Secret") if "callbacks" in found.name]
    assert (secret.region, secret.inputs["replicas"][0]["region"]) == (FIRST, SECOND)
    assert [found for found in recording.resources if found.name.startswith("standby-rotation-callbacks")] == []


def test_trainings_start_in_one_region_alone() -> None:
    recording = evaluated("prod")
    assert set(triggers(recording, FIRST).values()) == {"ENABLED"}
    assert set(triggers(recording, SECOND).values()) == {"DISABLED"}
    assert len(triggers(recording, SECOND)) == 3


def test_the_active_second_region_starts_trainings_and_has_the_first_one_s_sizes() -> None:
    recording = taken_over()
    assert set(triggers(recording, FIRST).values()) == {"DISABLED"}
    assert set(triggers(recording, SECOND).values()) == {"ENABLED"}
    groups = recording.of_type("aws:elasticache/replicationGroup:ReplicationGroup")
    assert len({(group.inputs["nodeType"], group.inputs["numCacheClusters"]) for group in groups}) == 1
    assert {found.urn for found in recording.resources} == {found.urn for found in evaluated("prod").resources}


def test_the_database_is_copied_from_the_region_that_carries_the_traffic_and_the_other_one_s_only_reads() -> None:
    for recording, active in ((evaluated("prod"), FIRST), (taken_over(), SECOND)):
        rules = {
            rule.region: rule.inputs.get("state", "ENABLED")
            for rule in recording.of_type(RULE)
            if rule.inputs["name"] == "mlplatform-prod-snapshots"
        }
        waits = SECOND if active == FIRST else FIRST
        assert rules == {active: "ENABLED", waits: "DISABLED"}
        runs = recording.of_type("aws:lambda/invocation:Invocation")
        migrations = {found.region: json.loads(found.inputs["input"]) for found in runs}
        assert {region: told.get("waiting", False) for region, told in migrations.items()} == {
            active: False,
            waits: True,
        }


def test_the_waiting_region_is_smaller() -> None:
    first, second = evaluated("prod").of_type("aws:elasticache/replicationGroup:ReplicationGroup")
    assert first.inputs["numCacheClusters"] > second.inputs["numCacheClusters"]
    targets = evaluated("prod").of_type("aws:appautoscaling/target:Target")
    fewest = {target.region: target.inputs["minCapacity"] for target in targets if "endpoint" in target.name}
    assert fewest == {FIRST: 2, SECOND: 1}


def test_functions_there_depend_on_nothing_here() -> None:
    elsewhere = [
        f"{found.name}: {name}"
        for found in of_region(evaluated("prod"), SECOND)
        if found.type == FUNCTION
        for name, value in found.inputs["environment"]["variables"].items()
        # Tokens of the first region's pool stay good, by keys that came with the deployment; and where the database is
        # copied to from here, once this region carries the traffic, is the first region.
        if FIRST in str(value) and name not in {"OTHER_POOLS", "OTHER_REGION", "OTHER_KEY_ARN"}
    ]
    assert elsewhere == []


def test_dashboards_which_have_no_region_have_names_of_their_own() -> None:
    names = [board.inputs["dashboardName"] for board in evaluated("prod").of_type("aws:cloudwatch/dashboard:Dashboard")]
    assert len(names) == len(set(names))


def test_names_that_aws_completes_leave_room_for_it() -> None:
    roles = [role.name for role in evaluated("prod").of_type("aws:iam/role:Role") if "name" not in role.inputs]
    # Pulumi adds a dash and seven digits, and IAM takes 64 characters.
    assert [name for name in roles if len(name) > 56] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_image_and_no_parameter_of_our_own_needs_a_copy(stack: str) -> None:
    """Containers are AWS's own, of each region's registry; a policy holds whoever declares one to replicating it."""
    recording = evaluated(stack)
    assert [row.urn for row in recording.resources if row.type.startswith(("aws:ecr/", "aws:ssm/"))] == []
    models = recording.of_type("aws:sagemaker/model:Model")
    images = {row.region: str(row.inputs["primaryContainer"]["image"]) for row in models}
    assert images
    assert all(f".dkr.ecr.{region}.amazonaws.com/" in image for region, image in images.items())
