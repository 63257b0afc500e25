"""Trail: every call to AWS in every region, and every touch of the lake's objects, signed and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudwatch, iam
from components.governance import calls
from components.governance.archive import Archive
from components.governance.documents import TRAILS, of_trail, write_logs
from components.keys import partition
from components.lean import Lean
from components.values import Alarm, Widget, formatted, policy_json, trust_json


class TrailArgs(TypedDict):
    """What the trail needs."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-prod`."""
    account_id: Input[str]
    """Account that is recorded."""
    region: str
    """Region that the trail belongs to; it records all."""
    key_arn: Input[str]
    """KMS key of records and logs; its policy must let CloudTrail and CloudWatch Logs use it."""
    logs_bucket: Input[str]
    """Bucket that takes the access log of the archive."""
    data_buckets: Sequence[Input[str]]
    """Buckets whose objects are recorded too, reads and writes."""
    keep_days: NotRequired[int]
    """How long records are kept; 400 by default."""
    searchable: NotRequired[bool]
    """Whether CloudWatch Logs gets the records too; true by default."""
    retention_days: NotRequired[int]
    """How long it keeps them; 90 by default."""
    watched: NotRequired[bool]
    """Whether calls that CIS names are counted there, for alarms; true by default."""
    protect: NotRequired[bool]
    """Whether the archive refuses to be deleted; true by default."""


class Trail(pulumi.ComponentResource):
    """One trail of all regions: one an account is free, each further one is paid."""

    archive: Archive
    """Where records are kept."""
    trail: Lean
    """The trail."""
    key_arn: Input[str]
    """KMS key of what the archive holds."""

    def __init__(self, name: str, args: TrailArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Trail", name, {}, opts)
        self._name, self._args, self.key_arn = name, args, args["key_arn"]
        self._watched = args.get("searchable", True) and args.get("watched", True)
        trail_name = f"{args['name_prefix']}-audit"
        place = f"arn:{partition(args['region'])}:cloudtrail:{args['region']}"
        self._arn = formatted("{0}:{1}:trail/{2}", place, args["account_id"], trail_name)
        self.archive = Archive(
            f"{name}-archive",
            {
                "name_prefix": args["name_prefix"],
                "account_id": args["account_id"],
                "key_arn": args["key_arn"],
                "logs_bucket": args["logs_bucket"],
                "trail_arn": self._arn,
                "keep_days": args.get("keep_days", 400),
                "protect": args.get("protect", True),
            },
            ResourceOptions(parent=self),
        )
        inputs: dict[str, Any] = {
            "name": trail_name,
            "s3_bucket_name": self.archive.bucket_name,
            "is_multi_region_trail": True,
            "include_global_service_events": True,
            "enable_logging": True,
            "enable_log_file_validation": True,
            "kms_key_id": args["key_arn"],
            "advanced_event_selectors": selectors(args["data_buckets"], partition(args["region"])),
        }
        needed: list[pulumi.Resource] = [self.archive.policy]
        if args.get("searchable", True):
            granted, searched = self._search(trail_name)
            needed.append(granted)
            inputs |= searched
        self.trail = Lean(
            "aws:cloudtrail/trail:Trail",
            f"{name}-trail",
            inputs,
            ["arn"],
            ResourceOptions(parent=self, depends_on=needed),
        )
        self.register_outputs({"trail_arn": self._arn})

    def alarms(self) -> list[Alarm]:
        """Calls that somebody has to hear of; none where nothing counts them."""
        return calls.alarms() if self._watched else []

    def widgets(self) -> list[Widget]:
        """The same calls over time."""
        return calls.widgets() if self._watched else []

    def _search(self, trail_name: str) -> tuple[iam.RolePolicy, dict[str, Output[str]]]:
        args, child = self._args, ResourceOptions(parent=self)
        group = cloudwatch.LogGroup(
            f"{self._name}-log",
            name=f"/aws/cloudtrail/{trail_name}",
            kms_key_id=args["key_arn"],
            retention_in_days=args.get("retention_days", 90),
            opts=child,
        )
        if self._watched:
            calls.count(self._name, group.name, child)
        role = iam.Role(
            f"{self._name}-role",
            assume_role_policy=trust_json(TRAILS, conditions=of_trail(args["account_id"], self._arn)),
            description="How the trail writes to its log group",
            opts=child,
        )
        streams = formatted("{0}:log-stream:*", group.arn)
        granted = iam.RolePolicy(
            f"{self._name}-rights", role=role.id, policy=policy_json([write_logs(streams)]), opts=child
        )
        # CloudTrail wants the group's ARN with an asterisk behind it.
        where = {"cloud_watch_logs_group_arn": formatted("{0}:*", group.arn), "cloud_watch_logs_role_arn": role.arn}
        return granted, where


_MANAGEMENT: Final = {
    "name": "Calls",
    "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}],
}


def selectors(buckets: Sequence[Input[str]], part: str) -> list[dict[str, Any]]:
    """Every call that manages something, and every read and write of the objects of some buckets."""
    if not buckets:
        return [_MANAGEMENT]
    # The slash ends the name: another bucket may begin with it.
    places = [formatted("arn:{0}:s3:::{1}/", part, bucket) for bucket in buckets]
    return [
        _MANAGEMENT,
        {
            "name": "Objects of the lake",
            "field_selectors": [
                {"field": "eventCategory", "equals": ["Data"]},
                {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                {"field": "resources.ARN", "starts_withs": places},
            ],
        },
    ]
