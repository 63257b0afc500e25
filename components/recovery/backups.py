"""Backups: what is restored from when data was spoilt, kept where nobody deletes it, with a copy in another region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, ResourceOptions

from components.aws import backup, iam
from components.keys import partition
from components.settings.regions import region_problems
from components.values import Alarm, Metric, Widget, trust_json

DAILY: Final = "cron(0 4 ? * * *)"
WEEKLY: Final = "cron(0 6 ? * SUN *)"

_SERVICE_POLICIES: Final = {
    # Kept by AWS for these two roles: what a backup needs of each service changes with AWS Backup, not with us.
    "backup": "AWSBackupServiceRolePolicyForBackup",
    "restore": "AWSBackupServiceRolePolicyForRestores",
}


class BackupPlace(TypedDict):
    """One of the two regions."""

    region: str
    """Such as `us-west-2`."""
    key_arn: Input[str]
    """KMS key of its vault."""


class BackupsArgs(TypedDict):
    """What is backed up, and where; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-prod`."""
    account_id: Input[str]
    """Account of both regions."""
    here: BackupPlace
    """Where backups are made."""
    there: BackupPlace
    """Where each is copied to, and restored from as a test."""
    table_arns: Sequence[Input[str]]
    """DynamoDB tables: point-in-time recovery has the seconds between."""
    cluster_arns: NotRequired[Sequence[Input[str]]]
    """Database clusters, none by default: copies of the last hours come from `Snapshots`."""
    subnet_group: NotRequired[Input[str]]
    """DB subnet group of the other region, in which copies of clusters are restored as a test; without it clusters are
    not tried, since AWS would look for a default network."""
    keep_days: NotRequired[int]
    """How long a daily backup and its copy are kept, 30 to 365; 35 by default."""
    final_after_days: NotRequired[int]
    """After how many days the vaults' lock is final, so that not even AWS can shorten it (compliance), 3 to 36,500.
    Without it those with the right may lift the lock (governance)."""
    protect: NotRequired[bool]
    """Whether the vaults refuse to be deleted; true by default."""


class Backups(pulumi.ComponentResource):
    """A locked vault in each region, daily backups with a copy in the other one, and a weekly restore from the copy."""

    vaults: dict[str, backup.Vault]
    """`here` and `there`."""
    plan: backup.Plan
    """What is backed up every day."""

    def __init__(self, name: str, args: BackupsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Backups", name, {}, opts)
        _validate(name, args)
        self._name, self._args = name, args
        self._keep_days = args.get("keep_days", 35)
        self._vault_name = f"{args['name_prefix']}-backups"
        self._child = ResourceOptions(parent=self)
        places = {"here": args["here"], "there": args["there"]}
        self.vaults = {noun: self._vault(noun, place) for noun, place in places.items()}
        roles = {kind: self._role(kind) for kind in _SERVICE_POLICIES}
        self.plan = self._plan(roles["backup"], [*args["table_arns"], *args.get("cluster_arns", [])])
        self._test(roles["restore"])
        self.register_outputs({noun: vault.arn for noun, vault in self.vaults.items()})

    def completed(self) -> Metric:
        """Backups that were made."""
        return self._metric("NumberOfBackupJobsCompleted", "made")

    def failed(self) -> Metric:
        """Backups that could not be made."""
        return self._metric("NumberOfBackupJobsFailed", "failed")

    def alarms(self) -> list[Alarm]:
        """Backups that failed, and a day without any; to be heard where backups are made."""
        return [
            Alarm(
                name="backup-failures",
                metric=self.failed().over(3600),
                threshold=0,
                description="a backup could not be made",
                runbook="backup-failed",
                severity="critical",
            ),
            Alarm(
                name="backup-missing",
                metric=self.completed().over(86_400),
                comparison="LessThanThreshold",
                threshold=1,
                missing_data="breaching",
                description="no backup was made for a day",
                runbook="backup-failed",
                severity="critical",
            ),
        ]

    def widgets(self) -> list[Widget]:
        """Backups made and failed."""
        return [
            Widget(
                title="Backups",
                section="Recovery",
                metrics=[self.completed().over(3600), self.failed().over(3600)],
                y_label="backups an hour",
            )
        ]

    def _metric(self, metric: str, label: str) -> Metric:
        dimensions: dict[str, Input[str]] = {"BackupVaultName": self._vault_name}
        return Metric(namespace="AWS/Backup", name=metric, dimensions=dimensions, label=label)

    def _vault(self, noun: str, place: BackupPlace) -> backup.Vault:
        name, protect = f"{self._name}-{noun}", self._args.get("protect", True)
        vault = backup.Vault(
            f"{name}-vault",
            name=self._vault_name,
            kms_key_arn=place["key_arn"],
            region=place["region"],
            opts=ResourceOptions(parent=self, protect=protect),
        )
        backup.VaultLockConfiguration(
            f"{name}-lock",
            backup_vault_name=vault.name,
            min_retention_days=self._keep_days,
            max_retention_days=self._keep_days,
            changeable_for_days=self._args.get("final_after_days"),
            region=place["region"],
            opts=self._child,
        )
        return vault

    def _role(self, kind: str) -> iam.Role:
        account = {"StringEquals": {"aws:SourceAccount": [self._args["account_id"]]}}
        role = iam.Role(
            f"{self._name}-{kind}-role",
            assume_role_policy=trust_json("backup.amazonaws.com", conditions=account),
            description=f"AWS Backup: {kind}",
            opts=self._child,
        )
        part = partition(self._args["here"]["region"])
        iam.RolePolicyAttachment(
            f"{self._name}-{kind}-rights",
            role=role.name,
            policy_arn=f"arn:{part}:iam::aws:policy/service-role/{_SERVICE_POLICIES[kind]}",
            opts=self._child,
        )
        return role

    def _plan(self, role: iam.Role, resources: Sequence[Input[str]]) -> backup.Plan:
        lifecycle = {"delete_after": self._keep_days}
        rule: Any = {
            "rule_name": "daily",
            "target_vault_name": self.vaults["here"].name,
            "schedule": DAILY,
            "schedule_expression_timezone": "Etc/UTC",
            "start_window": 60,
            "completion_window": 480,
            "lifecycle": lifecycle,
            "copy_actions": [{"destination_vault_arn": self.vaults["there"].arn, "lifecycle": lifecycle}],
        }
        prefix = self._args["name_prefix"]
        plan = backup.Plan(f"{self._name}-daily", name=f"{prefix}-daily", rules=[rule], opts=self._child)
        backup.Selection(
            f"{self._name}-daily-selection",
            name=f"{prefix}-daily",
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=resources,
            opts=self._child,
        )
        return plan

    def _test(self, role: iam.Role) -> None:
        """Restores the newest copy of everything in the other region once a week; AWS deletes it after a day."""
        region = self._args["there"]["region"]
        name = f"{self._args['name_prefix']}_weekly".replace("-", "_")
        plan = backup.RestoreTestingPlan(
            f"{self._name}-test",
            name=name,
            schedule_expression=WEEKLY,
            schedule_expression_timezone="Etc/UTC",
            start_window_hours=8,
            recovery_point_selection={
                "algorithm": "LATEST_WITHIN_WINDOW",
                "include_vaults": [self.vaults["there"].arn],
                "recovery_point_types": ["SNAPSHOT"],
                "selection_window_days": 7,
            },
            region=region,
            opts=self._child,
        )
        tried: dict[str, tuple[str, dict[str, Input[str]] | None]] = {"tables": ("DynamoDB", None)}
        if self._args.get("cluster_arns", []) and "subnet_group" in self._args:
            # Names of what is overridden have no case for AWS, which tells them in lower case.
            tried["clusters"] = ("Aurora", {"dbsubnetgroupname": self._args["subnet_group"]})
        for noun, (kind, overrides) in tried.items():
            backup.RestoreTestingSelection(
                f"{self._name}-test-{noun}",
                name=noun,
                restore_testing_plan_name=plan.name,
                protected_resource_type=kind,
                protected_resource_arns=["*"],
                restore_metadata_overrides=overrides,
                iam_role_arn=role.arn,
                validation_window_hours=24,
                region=region,
                opts=self._child,
            )


def _validate(name: str, args: BackupsArgs) -> None:
    here, there = args["here"]["region"], args["there"]["region"]
    problems = [
        f"{field}.region {problem}"
        for field, region in (("here", here), ("there", there))
        for problem in region_problems(region)
    ]
    if here == there:
        problems.append(f"there.region is {there!r}, that of the backups themselves; allowed: another; change it")
    keep, final = args.get("keep_days", 35), args.get("final_after_days", 3)
    if not 30 <= keep <= 365:
        problems.append(f"keep_days is {keep}; allowed: 30 to 365; change it")
    if not 3 <= final <= 36_500:
        problems.append(f"final_after_days is {final}; allowed: 3 to 36500, or leave it out; change it")
    if not args["table_arns"]:
        problems.append("table_arns is empty; allowed: one ARN or more; add one")
    if problems:
        raise ValueError(f"Backups {name!r}: " + "; ".join(problems))
