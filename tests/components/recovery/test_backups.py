"""Backups: locked in two regions, copied, tried every week, and missed when they do not happen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.recovery import BackupFailures, Backups
from tests.components.recorder import ACCOUNT, Recording, record

HERE = {"region": "us-east-1", "key_arn": "arn:aws:kms:us-east-1:123456789012:key/a"}
THERE = {"region": "us-west-2", "key_arn": "arn:aws:kms:us-west-2:123456789012:key/b"}
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/models"
SELECTION = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
CLUSTER = f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:data"


def run(**more: Any) -> Recording:
    args: Any = {
        "name_prefix": "mlplatform-prod",
        "account_id": ACCOUNT,
        "here": HERE,
        "there": THERE,
        "table_arns": [TABLE],
        **more,
    }
    return record(lambda: [(row.name, row.comparison, row.missing_data) for row in Backups("backups", args).alarms()])


def rule(recording: Recording, plan: str) -> dict[str, Any]:
    (only,) = recording.one("aws:backup/plan:Plan", f"backups-{plan}").inputs["rules"]
    found: dict[str, Any] = only
    return found


def test_a_locked_vault_in_each_region_by_the_key_of_that_region() -> None:
    recording = run()
    vaults = recording.of_type("aws:backup/vault:Vault")
    assert {(vault.region, vault.inputs["kmsKeyArn"]) for vault in vaults} == {
        ("us-east-1", HERE["key_arn"]),
        ("us-west-2", THERE["key_arn"]),
    }
    assert all(vault.protect for vault in vaults)
    locks = recording.of_type("aws:backup/vaultLockConfiguration:VaultLockConfiguration")
    assert [(lock.region, lock.inputs["minRetentionDays"], lock.inputs["maxRetentionDays"]) for lock in locks] == [
        ("us-east-1", 35, 35),
        ("us-west-2", 35, 35),
    ]
    assert not any("changeableForDays" in lock.inputs for lock in locks)


def test_a_final_lock_is_asked_for() -> None:
    locks = run(final_after_days=7).of_type("aws:backup/vaultLockConfiguration:VaultLockConfiguration")
    assert [lock.inputs["changeableForDays"] for lock in locks] == [7, 7]


def test_tables_are_backed_up_every_day_and_copied() -> None:
    recording = run()
    found = rule(recording, "daily")
    assert (found["schedule"], found["lifecycle"]) == ("cron(0 4 ? * * *)", {"deleteAfter": 35})
    (copy,) = found["copyActions"]
    assert copy["destinationVaultArn"].startswith("arn:aws:backup:us-west-2:")
    assert copy["lifecycle"] == {"deleteAfter": 35}
    assert recording.one("aws:backup/selection:Selection").inputs["resources"] == [TABLE]
    assert recording.counts()["aws:backup/plan:Plan"] == 1


def test_clusters_are_backed_up_with_the_tables() -> None:
    recording = run(cluster_arns=[CLUSTER])
    assert recording.one("aws:backup/selection:Selection").inputs["resources"] == [TABLE, CLUSTER]
    assert recording.counts()["aws:backup/plan:Plan"] == 1


def test_the_copies_are_restored_every_week_in_the_other_region() -> None:
    recording = run()
    plan = recording.one("aws:backup/restoreTestingPlan:RestoreTestingPlan")
    assert (plan.region, plan.inputs["name"]) == ("us-west-2", "mlplatform_prod_weekly")
    chosen = plan.inputs["recoveryPointSelection"]
    assert chosen["algorithm"] == "LATEST_WITHIN_WINDOW"
    assert [arn.split(":")[3] for arn in chosen["includeVaults"]] == ["us-west-2"]
    selection = recording.one(SELECTION)
    assert selection.inputs["protectedResourceType"] == "DynamoDB"
    assert selection.inputs["iamRoleArn"].endswith("backups-restore-role")
    assert "restoreMetadataOverrides" not in selection.inputs


def test_copies_of_clusters_are_restored_in_the_other_region_s_own_network() -> None:
    selection = run(cluster_arns=[CLUSTER], subnet_group="theirs").one(SELECTION, "backups-test-clusters")
    assert (selection.region, selection.inputs["protectedResourceType"]) == ("us-west-2", "Aurora")
    assert selection.inputs["restoreMetadataOverrides"] == {"dbsubnetgroupname": "theirs"}
    # A default network is nothing to rely on.
    assert len(run(cluster_arns=[CLUSTER]).of_type(SELECTION)) == 1


def test_two_roles_that_only_this_account_s_backups_assume() -> None:
    recording = run()
    roles = recording.of_type("aws:iam/role:Role")
    assert len(roles) == 2
    for role in roles:
        (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert trust["Principal"] == {"Service": "backup.amazonaws.com"}
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": [ACCOUNT]}}
    attached = recording.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert [found.inputs["policyArn"].rsplit("/", 1)[1] for found in attached] == [
        "AWSBackupServiceRolePolicyForBackup",
        "AWSBackupServiceRolePolicyForRestores",
    ]


def test_failures_and_a_day_without_a_backup_are_heard() -> None:
    assert run().value == [
        ("backup-failures", "GreaterThanThreshold", "notBreaching"),
        ("backup-missing", "LessThanThreshold", "breaching"),
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"there": {**THERE, "region": "us-east-1"}}, "there.region is 'us-east-1', that of the backups themselves"),
        ({"there": {**THERE, "region": "moon"}}, "there.region is 'moon'; allowed: a region of AWS"),
        ({"keep_days": 29}, "keep_days is 29; allowed: 30 to 365"),
        ({"keep_days": 366}, "keep_days is 366; allowed: 30 to 365"),
        ({"final_after_days": 2}, "final_after_days is 2; allowed: 3 to 36500"),
        ({"table_arns": []}, "table_arns is empty"),
    ],
    ids=["same-region", "no-region", "too-short", "too-long", "final-too-early", "nothing"],
)
def test_what_would_not_protect_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match="Backups 'backups'") as caught:
        run(**change)
    assert says in str(caught.value)


def test_a_failed_job_reaches_people_and_what_cannot_be_delivered_is_kept() -> None:
    args: Any = {"name_prefix": "mlplatform-prod", "key_arn": HERE["key_arn"], "emails": ["ops@example.org"]}
    recording = record(lambda: [row.name for row in BackupFailures("failures", args).alarms()])
    assert recording.value == ["backup-events-lost"]
    events = recording.one("aws:cloudwatch/eventRule:EventRule")
    pattern = json.loads(events.inputs["eventPattern"])
    assert pattern["detail"]["$or"] == [{"state": ["ABORTED", "EXPIRED", "FAILED"]}, {"status": ["ABORTED", "FAILED"]}]
    target = recording.one("aws:cloudwatch/eventTarget:EventTarget")
    topic = recording.one("aws:sns/topic:Topic")
    assert target.inputs["arn"].endswith(topic.inputs["name"])
    assert target.inputs["deadLetterConfig"]["arn"].endswith("mlplatform-prod-backup-lost-events")
    policy = json.loads(recording.one("aws:sns/topicPolicy:TopicPolicy").inputs["policy"])
    assert policy["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"][0].endswith(
        "mlplatform-prod-backup-failed"
    )
    assert recording.one("aws:sns/topicSubscription:TopicSubscription").inputs["endpoint"] == "ops@example.org"
