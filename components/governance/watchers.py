"""Watchers: what looks at one region's resources all the time: AWS Config, GuardDuty, Access Analyzer, Security Hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import iam
from components.governance.documents import CONFIG, deliver_records, of_account
from components.keys import partition
from components.lean import Lean
from components.values import policy_json, trust_json

Standard = Literal["fsbp", "cis"]
STANDARDS: Final[dict[Standard, str]] = {
    "fsbp": "standards/aws-foundational-security-best-practices/v/1.0.0",
    "cis": "standards/cis-aws-foundations-benchmark/v/3.0.0",
}
RULES: Final = (
    "API_GW_ASSOCIATED_WITH_WAF",
    "API_GW_EXECUTION_LOGGING_ENABLED",
    "CLOUD_TRAIL_ENCRYPTION_ENABLED",
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED",
    "CMK_BACKING_KEY_ROTATION_ENABLED",
    "DYNAMODB_PITR_ENABLED",
    "DYNAMODB_TABLE_ENCRYPTED_KMS",
    "ELASTICACHE_REDIS_CLUSTER_AUTOMATIC_BACKUP_CHECK",
    "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS",
    "IAM_ROOT_ACCESS_KEY_CHECK",
    "KMS_CMK_NOT_SCHEDULED_FOR_DELETION",
    "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED",
    "MULTI_REGION_CLOUD_TRAIL_ENABLED",
    "RDS_CLUSTER_ENCRYPTED_AT_REST",
    "S3_BUCKET_PUBLIC_READ_PROHIBITED",
    "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
    "S3_BUCKET_SSL_REQUESTS_ONLY",
    "SAGEMAKER_ENDPOINT_CONFIGURATION_KMS_KEY_CONFIGURED",
    "SAGEMAKER_NOTEBOOK_NO_DIRECT_INTERNET_ACCESS",
    "SECRETSMANAGER_ROTATION_ENABLED_CHECK",
    "VPC_DEFAULT_SECURITY_GROUP_CLOSED",
    "VPC_FLOW_LOGS_ENABLED",
)
"""Managed rules of AWS Config about what the platform consists of."""
FEATURES: Final = ("LAMBDA_NETWORK_LOGS", "S3_DATA_EVENTS")
"""What GuardDuty looks at beside the logs that it always reads."""


class WatchersArgs(TypedDict):
    """What watches; the account has one of each a region, so each may be somebody else's."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-prod`."""
    account_id: Input[str]
    """Account that is watched."""
    region: str
    """Region that is watched."""
    archive: NotRequired[Input[str]]
    """Bucket that AWS Config delivers to; without it nothing is recorded."""
    key_arn: NotRequired[Input[str]]
    """KMS key of that bucket."""
    everywhere: NotRequired[bool]
    """Whether IAM is recorded too: in one region of an account; true by default."""
    threats: NotRequired[bool]
    """Whether GuardDuty is on; true by default."""
    access: NotRequired[bool]
    """Whether Access Analyzer tells who from outside may reach something; true by default."""
    standards: NotRequired[Sequence[Standard]]
    """Standards of Security Hub, which needs AWS Config; none by default."""


class Watchers(pulumi.ComponentResource):
    """The watchers of one region."""

    def __init__(self, name: str, args: WatchersArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Watchers", name, {}, opts)
        _validate(name, args)
        self._name, self._args = name, args
        self._child = ResourceOptions(parent=self)
        if "archive" in args:
            self._record(args["archive"], args["key_arn"])
        if args.get("threats", True):
            self._detect()
        if args.get("access", True):
            self._make(
                "accessanalyzer/analyzer:Analyzer",
                "access",
                {"analyzer_name": f"{args['name_prefix']}-access", "type": "ACCOUNT"},
            )
        if args.get("standards", ()):
            self._compare()
        self.register_outputs({})

    def _make(self, token: str, noun: str, inputs: dict[str, Any], after: Sequence[pulumi.Resource] = ()) -> Lean:
        opts = ResourceOptions.merge(self._child, ResourceOptions(depends_on=list(after)))
        return Lean(f"aws:{token}", f"{self._name}-{noun}", inputs, ["arn", "id"], opts)

    def _record(self, archive: Input[str], key_arn: Input[str]) -> None:
        args, prefix = self._args, self._args["name_prefix"]
        role = iam.Role(
            f"{self._name}-role",
            assume_role_policy=trust_json(CONFIG, conditions=of_account(args["account_id"])),
            description="How AWS Config reads resources and keeps what it saw",
            opts=self._child,
        )
        read = iam.RolePolicyAttachment(
            f"{self._name}-reads",
            role=role.name,
            policy_arn=f"arn:{partition(args['region'])}:iam::aws:policy/service-role/AWS_ConfigRole",
            opts=self._child,
        )
        written = iam.RolePolicy(
            f"{self._name}-rights",
            role=role.id,
            policy=policy_json(deliver_records(archive, key_arn, args["account_id"], partition(args["region"]))),
            opts=self._child,
        )
        group = {"all_supported": True, "include_global_resource_types": args.get("everywhere", True)}
        recorder = self._make(
            "cfg/recorder:Recorder",
            "recorder",
            {"name": f"{prefix}-recorder", "role_arn": role.arn, "recording_group": group},
            [read, written],
        )
        channel = self._make(
            "cfg/deliveryChannel:DeliveryChannel",
            "channel",
            {
                "name": f"{prefix}-records",
                "s3_bucket_name": archive,
                "s3_kms_key_arn": key_arn,
                "snapshot_delivery_properties": {"delivery_frequency": "TwentyFour_Hours"},
            },
            [recorder],
        )
        # A recorder begins only when it has somewhere to deliver to.
        started = self._make(
            "cfg/recorderStatus:RecorderStatus",
            "recording",
            {"name": f"{prefix}-recorder", "is_enabled": True},
            [channel],
        )
        for identifier in RULES:
            noun = identifier.lower().replace("_", "-")
            source = {"owner": "AWS", "source_identifier": identifier}
            self._make("cfg/rule:Rule", noun, {"name": f"{prefix}-{noun}", "source": source}, [started])

    def _detect(self) -> None:
        detector = self._make(
            "guardduty/detector:Detector",
            "threats",
            {"enable": True, "finding_publishing_frequency": "FIFTEEN_MINUTES"},
        )
        for feature in FEATURES:
            inputs = {"detector_id": detector.id, "name": feature, "status": "ENABLED"}
            self._make("guardduty/detectorFeature:DetectorFeature", feature.lower().replace("_", "-"), inputs)

    def _compare(self) -> None:
        inputs = {"enable_default_standards": False, "control_finding_generator": "SECURITY_CONTROL"}
        hub = self._make("securityhub/account:Account", "hub", inputs)
        place = f"arn:{partition(self._args['region'])}:securityhub:{self._args['region']}::"
        for standard in self._args.get("standards", ()):
            arn = Output.from_input(f"{place}{STANDARDS[standard]}")
            self._make(
                "securityhub/standardsSubscription:StandardsSubscription", standard, {"standards_arn": arn}, [hub]
            )


def _validate(name: str, args: WatchersArgs) -> None:
    problems = []
    if ("archive" in args) != ("key_arn" in args):
        problems.append("archive and key_arn are given one without the other; allowed: both or none")
    if args.get("standards", ()) and "archive" not in args:
        problems.append("standards are given without archive; allowed: with it, since Security Hub reads AWS Config")
    problems += [
        f"standards has {row!r}; allowed: {', '.join(STANDARDS)}"
        for row in args.get("standards", ())
        if row not in STANDARDS
    ]
    if problems:
        raise ValueError(f"Watchers {name!r}: " + "; ".join(problems))
