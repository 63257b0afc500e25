"""Audits: a trail of every call that nobody can change, resources that are recorded and watched, eligible services."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from policies.conditions import all_of, must_be, must_be_on, must_be_set, needs_companion
from policies.documents import statements
from policies.resources import Node, read, rows
from policies.rule import Rule
from policies.rules.operations import TAGGABLE
from policies.rules.s3 import BUCKET, POLICY

TRAIL = "aws:cloudtrail/trail:Trail"
RECORDER = "aws:cfg/recorder:Recorder"
CHANNEL = "aws:cfg/deliveryChannel:DeliveryChannel"
RECORDING = "aws:cfg/recorderStatus:RecorderStatus"
CONFIG_RULE = "aws:cfg/rule:Rule"
DETECTOR = "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
ANALYZER = "aws:accessanalyzer/analyzer:Analyzer"
HUB = "aws:securityhub/account:Account"
STANDARD = "aws:securityhub/standardsSubscription:StandardsSubscription"

ELIGIBLE_SOURCE: Final = ("https://aws.amazon.com/compliance/hipaa-eligible-services-reference/", date(2026, 11, 21))
"""AWS's list of services that a Business Associate Addendum covers, and the day by which the names below follow it."""
ELIGIBLE: Final = frozenset(
    {
        *("acm", "apigateway", "appautoscaling", "backup", "bedrock", "cfg", "cloudfront", "cloudtrail", "cloudwatch"),
        *("cognito", "dynamodb", "ec2", "elasticache", "globalaccelerator", "guardduty", "kms", "lambda", "lb", "rds"),
        *("route53", "s3", "sagemaker", "scheduler", "secretsmanager", "securityhub", "sfn", "sns", "sqs", "vpc"),
        *("wafv2", "xray"),
    }
)
"""Services of the provider that are in the list, or parts of one that is."""
NO_DATA: Final = frozenset({"accessanalyzer", "budgets", "costexplorer", "iam"})
"""Services that see no data of anybody: rights, bills and settings."""


def records_calls(trail: Node) -> Iterable[str]:
    """Without selectors every call that manages something is recorded; with them one of them asks for it."""
    selectors = trail.rows("advancedEventSelectors")
    if selectors and not any("Management" in _equal(row, "eventCategory") for row in selectors):
        yield "advancedEventSelectors has none whose eventCategory is 'Management'"


def records_objects(trail: Node) -> Iterable[str]:
    """Reads and writes of objects of some bucket are recorded."""
    for row in trail.rows("advancedEventSelectors"):
        both = not any(read(field, "field") == "readOnly" for field in rows(row, "fieldSelectors"))
        if both and "AWS::S3::Object" in _equal(row, "resources.type"):
            return
    yield "advancedEventSelectors has none of 'AWS::S3::Object' that keeps reads and writes"


def _equal(selector: object, name: str) -> list[str]:
    return [
        value
        for field in rows(selector, "fieldSelectors")
        if read(field, "field") == name
        for value in rows(field, "equals")
    ]


def may_deliver(trail: Node) -> Iterable[str]:
    """The bucket's policy lets CloudTrail write for this trail alone."""
    bucket = trail.target("s3BucketName", *BUCKET)
    if bucket is None:
        return
    grants = [
        row
        for policy in bucket.companions(POLICY, "bucket")
        for row in statements(policy.props.get("policy"))
        if row.allows and "cloudtrail.amazonaws.com" in row.principals.get("Service", ())
    ]
    if not any("s3:PutObject" in row.actions for row in grants):
        yield f"no policy of {bucket.name} lets cloudtrail.amazonaws.com call s3:PutObject"
    for row in grants:
        if "aws:sourcearn" not in row.condition_keys:
            yield f"{row.label} of {bucket.name} has no condition on aws:SourceArn"


def recording(recorder: Node) -> Iterable[str]:
    """A status names the recorder and turns it on."""
    name = recorder.read("name")
    found = [node for node in recorder.stack.of_type(RECORDING) if node.read("name") == name]
    here = [node for node in found if node.region == recorder.region]
    if not any(node.read("isEnabled", default=False) for node in here):
        yield f"no status ({RECORDING}) with isEnabled True names it"
    if not any(node.region == recorder.region for node in recorder.stack.of_type(CHANNEL)):
        yield f"its region has no delivery channel ({CHANNEL})"


def reads_config(standard: Node) -> Iterable[str]:
    """Security Hub reads what AWS Config records in the region."""
    if not any(node.region == standard.region for node in standard.stack.of_type(RECORDER)):
        yield f"its region has no recorder ({RECORDER})"


def eligible(node: Node) -> Iterable[str]:
    """Where everything is held to HIPAA, only eligible services hold or carry data."""
    tags = {**node.read("tagsAll", {}), **node.read("tags", {})}
    service = node.type.removeprefix("aws:").split("/")[0]
    if tags.get("Compliance") == "HIPAA" and service not in ELIGIBLE | NO_DATA:
        yield f"service {service!r} is not eligible; allowed: {', '.join(sorted(ELIGIBLE))}"


RULES = (
    Rule(
        id="trail-everywhere",
        severity="high",
        controls=("FSBP CloudTrail.1", "CIS 3.1"),
        types=(TRAIL,),
        what="A trail records every call in every region.",
        why="Whoever breaks in works where nobody looks.",
        mend="set is_multi_region_trail and include_global_service_events, and select Management events",
        check=all_of(
            must_be_on("isMultiRegionTrail"), must_be_on("includeGlobalServiceEvents", default=True), records_calls
        ),
    ),
    Rule(
        id="trail-on",
        severity="high",
        controls=("FSBP CloudTrail.3",),
        types=(TRAIL,),
        what="A trail is on.",
        why="A trail that is declared and off records nothing.",
        mend="leave enable_logging on",
        check=must_be_on("enableLogging", default=True),
    ),
    Rule(
        id="trail-encrypted-by-own-key",
        severity="medium",
        controls=("FSBP CloudTrail.2", "CIS 3.5"),
        types=(TRAIL,),
        what="A trail is encrypted by a KMS key of ours.",
        why="It names people, addresses and everything they touched.",
        mend="set kms_key_id",
        check=must_be_set("kmsKeyId"),
    ),
    Rule(
        id="trail-validated",
        severity="medium",
        controls=("FSBP CloudTrail.4", "CIS 3.2"),
        types=(TRAIL,),
        what="The files of a trail are signed.",
        why="Otherwise nobody can show that none was changed or removed.",
        mend="set enable_log_file_validation",
        check=must_be_on("enableLogFileValidation"),
    ),
    Rule(
        id="trail-searchable",
        severity="low",
        controls=("FSBP CloudTrail.5",),
        types=(TRAIL,),
        what="CloudWatch Logs gets what a trail records.",
        why="Nobody reads a thousand compressed files while something is going on.",
        mend="set cloud_watch_logs_group_arn and cloud_watch_logs_role_arn",
        check=must_be_set("cloudWatchLogsGroupArn", "cloudWatchLogsRoleArn"),
    ),
    Rule(
        id="trail-records-objects",
        severity="medium",
        controls=("FSBP S3.22", "FSBP S3.23", "CIS 3.8", "CIS 3.9"),
        types=(TRAIL,),
        what="A trail records reads and writes of the lake's objects.",
        why="Who took the data is the first question after a leak.",
        mend="add an advanced event selector of AWS::S3::Object without readOnly",
        check=records_objects,
    ),
    Rule(
        id="trail-may-deliver",
        severity="medium",
        types=(TRAIL,),
        scope="stack",
        what="A trail may write to its bucket, and no other trail may.",
        why="CloudTrail refuses a bucket that turns it away; without a source it writes for anybody.",
        mend="let cloudtrail.amazonaws.com put objects where aws:SourceArn is the trail's",
        check=may_deliver,
    ),
    Rule(
        id="config-records-everything",
        severity="medium",
        controls=("FSBP Config.1", "CIS 3.3"),
        types=(RECORDER,),
        scope="stack",
        what="AWS Config records every type of resource, and is started.",
        why="What is not recorded is checked by no rule, and has no history.",
        mend="set recording_group.all_supported, and add a DeliveryChannel and a RecorderStatus",
        check=all_of(must_be_on("recordingGroup.allSupported", default=True), recording),
    ),
    Rule(
        id="config-rule-managed",
        severity="low",
        types=(CONFIG_RULE,),
        what="A rule of AWS Config is one that AWS manages.",
        why="A rule of our own is code that sees every resource of the account.",
        mend="set source.owner to AWS",
        check=must_be("source.owner", "AWS"),
    ),
    Rule(
        id="config-delivery-encrypted",
        severity="medium",
        types=(CHANNEL,),
        what="AWS Config delivers under a KMS key of ours.",
        why="The history of every resource is a map of the account.",
        mend="set s3_kms_key_arn",
        check=must_be_set("s3BucketName", "s3KmsKeyArn"),
    ),
    Rule(
        id="guardduty-on",
        severity="high",
        controls=("FSBP GuardDuty.1",),
        types=(DETECTOR,),
        scope="stack",
        what="GuardDuty is on, and looks at objects too.",
        why="Stolen credentials show in what they read.",
        mend="leave enable on and add the feature S3_DATA_EVENTS",
        check=all_of(must_be_on("enable", default=True), needs_companion(FEATURE, "detectorId", "feature")),
    ),
    Rule(
        id="guardduty-feature-on",
        severity="low",
        controls=("FSBP GuardDuty.10",),
        types=(FEATURE,),
        what="A feature of GuardDuty that is declared is on.",
        why="One that is off looks as if it were watched.",
        mend="set status to ENABLED",
        check=must_be("status", "ENABLED"),
    ),
    Rule(
        id="access-analyzed",
        severity="low",
        controls=("FSBP IAM.28", "CIS 1.20"),
        types=(ANALYZER,),
        what="Access Analyzer looks for access from outside of the account or the organization.",
        why="Analyzers of unused access do not see it.",
        mend="set type to ACCOUNT or ORGANIZATION",
        check=must_be("type", "ACCOUNT", "ORGANIZATION", default="ACCOUNT"),
    ),
    Rule(
        id="hub-standards-chosen",
        severity="low",
        types=(HUB,),
        what="Security Hub has the standards that are declared, and finds each thing once.",
        why="Standards that come by themselves change with AWS's defaults.",
        mend="set enable_default_standards to False and control_finding_generator to SECURITY_CONTROL",
        check=all_of(
            must_be("enableDefaultStandards", "False", default=True),
            must_be("controlFindingGenerator", "SECURITY_CONTROL", default="SECURITY_CONTROL"),
        ),
    ),
    Rule(
        id="hub-reads-config",
        severity="medium",
        types=(STANDARD,),
        scope="stack",
        what="A standard of Security Hub stands beside AWS Config.",
        why="Without it most of its controls say nothing.",
        mend="add a Recorder in the same region",
        check=reads_config,
    ),
    Rule(
        id="hipaa-eligible-only",
        severity="high",
        types=tuple(sorted(TAGGABLE | {"aws:dax/cluster:Cluster"})),
        what="What has the tag `Compliance: HIPAA` is of a service that a Business Associate Addendum covers.",
        why="AWS signs for no other: protected health information must not reach it.",
        mend="leave the service out of the stack, or audit.hipaa off",
        check=eligible,
    ),
)
