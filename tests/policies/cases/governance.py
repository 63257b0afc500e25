"""Budgets and audits: what is good and what is bad."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from policies.rules.governance import calls
from tests.policies.rows import Case, Row, but, row, without


def placed(*resources: Row, region: str = "us-east-1") -> list[Row]:
    """The same resources in a region that has prices."""
    return [replace(resource, region=region) for resource in resources]


TOPIC = "arn:aws:sns:us-east-1:1:costs"
NOTICES: list[dict[str, Any]] = [
    {"notificationType": kind, "threshold": percent, "subscriberSnsTopicArns": [TOPIC]}
    for kind in ("ACTUAL", "FORECASTED")
    for percent in (50, 100)
]
LATE = [{**notice, "threshold": 100} for notice in NOTICES]
UNHEARD = [{**notice, "subscriberSnsTopicArns": []} for notice in NOTICES]
BUDGET = row("aws:budgets/budget:Budget", "month", name="month", limitAmount="500", notifications=NOTICES)


def denying(*actions: str) -> Row:
    document = {"Statement": [{"Effect": "Deny", "Action": list(actions), "Resource": "*"}]}
    return row("aws:iam/policy:Policy", "stop", policy=json.dumps(document))


STOP = denying("sagemaker:CreateTrainingJob")
ACTION = row(
    "aws:budgets/budgetAction:BudgetAction",
    "action",
    BUDGET,
    STOP,
    budgetName="month",
    approvalModel="AUTOMATIC",
    definition={"iamActionDefinition": {"policyArn": STOP.outputs["arn"], "roles": ["training"]}},
)
HOSTING = row("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "hosting")
MONITOR = row("aws:costexplorer/anomalyMonitor:AnomalyMonitor", "monitor", monitorType="CUSTOM")
SUBSCRIPTION = row(
    "aws:costexplorer/anomalySubscription:AnomalySubscription",
    "told",
    MONITOR,
    monitorArnLists=[MONITOR.outputs["arn"]],
    subscribers=[{"type": "SNS", "address": TOPIC}],
)
KEY, CLUSTER = row("aws:kms/key:Key", "key"), row("aws:emr/cluster:Cluster", "cluster")
DEAR = row(
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "hosting",
    productionVariants=[{"instanceType": "ml.g5.xlarge", "initialInstanceCount": 1}],
)


def fields(*pairs: tuple[str, list[str]]) -> dict[str, Any]:
    """A selector of a trail."""
    return {"fieldSelectors": [{"field": name, "equals": values} for name, values in pairs]}


CALLS = fields(("eventCategory", ["Management"]))
OBJECTS = fields(("eventCategory", ["Data"]), ("resources.type", ["AWS::S3::Object"]))
WRITES = fields(("eventCategory", ["Data"]), ("resources.type", ["AWS::S3::Object"]), ("readOnly", ["false"]))
ARCHIVE = row("aws:s3/bucket:Bucket", "archive", bucket="archive")


def grant(**more: Any) -> Row:
    statement = {
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": "*",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        **more,
    }
    policy = json.dumps({"Statement": [statement]})
    return row("aws:s3/bucketPolicy:BucketPolicy", "grant", ARCHIVE, bucket="archive", policy=policy)


BOUND = grant(Condition={"StringEquals": {"aws:SourceArn": "arn:aws:cloudtrail:us-east-1:1:trail/audit"}})
TRAIL = row(
    "aws:cloudtrail/trail:Trail",
    "trail",
    ARCHIVE,
    s3BucketName="archive",
    isMultiRegionTrail=True,
    includeGlobalServiceEvents=True,
    enableLogging=True,
    enableLogFileValidation=True,
    kmsKeyId="arn:aws:kms:us-east-1:1:key/k",
    cloudWatchLogsGroupArn="arn:aws:logs:us-east-1:1:log-group:g:*",
    cloudWatchLogsRoleArn="arn:aws:iam::1:role/r",
    advancedEventSelectors=[CALLS, OBJECTS],
)
RECORDER = row("aws:cfg/recorder:Recorder", "recorder", name="all", recordingGroup={"allSupported": True})
CHANNEL = row("aws:cfg/deliveryChannel:DeliveryChannel", "channel", s3BucketName="a", s3KmsKeyArn="k")
STARTED = row("aws:cfg/recorderStatus:RecorderStatus", "started", RECORDER, name="all", isEnabled=True)
CONFIG = [RECORDER, CHANNEL, STARTED]
DETECTOR = row("aws:guardduty/detector:Detector", "detector", enable=True)
FEATURE = row(
    "aws:guardduty/detectorFeature:DetectorFeature", "feature", DETECTOR, detectorId="detector-id", status="ENABLED"
)
HUB = row(
    "aws:securityhub/account:Account",
    "hub",
    enableDefaultStandards=False,
    controlFindingGenerator="SECURITY_CONTROL",
)
STANDARD = row("aws:securityhub/standardsSubscription:StandardsSubscription", "fsbp", standardsArn="arn")
THREATS = {"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"], "detail": {"severity": [8]}}
HEARS = row("aws:cloudwatch/eventRule:EventRule", "hears", name="hears", eventPattern=json.dumps(THREATS))
SENDS = row("aws:cloudwatch/eventTarget:EventTarget", "sends", HEARS, rule="hears", arn=TOPIC)
HEARD = [DETECTOR, HEARS, SENDS]
COUNTED = [
    row(
        calls.FILTER,
        kind,
        logGroupName="g",
        pattern=" ".join(words),
        metricTransformation={"namespace": "n", "name": kind},
    )
    for kind, words in calls.WANTED.items()
]
WATCHED = [
    row("aws:cloudwatch/metricAlarm:MetricAlarm", f"on {kind}", namespace="n", metricName=kind, alarmActions=[TOPIC])
    for kind in calls.WANTED
]
TOLD = [TRAIL, *COUNTED, *WATCHED]
HEALTH = {"Compliance": "HIPAA"}
DAX = row("aws:dax/cluster:Cluster", "dax", tagsAll=HEALTH)


def trail(**changes: Any) -> list[Row]:
    return but([TRAIL], "trail", **changes)


CASES = (
    Case(
        rule="trail-everywhere",
        good={"all": [TRAIL], "no selectors": trail(advancedEventSelectors=None)},
        bad={
            "one region": trail(isMultiRegionTrail=False),
            "no IAM": trail(includeGlobalServiceEvents=False),
            "objects alone": trail(advancedEventSelectors=[OBJECTS]),
        },
    ),
    Case(
        rule="trail-on",
        good={"on": [TRAIL], "by default": trail(enableLogging=None)},
        bad={"off": trail(enableLogging=False)},
    ),
    Case(rule="trail-encrypted-by-own-key", good={"a key": [TRAIL]}, bad={"none": trail(kmsKeyId=None)}),
    Case(
        rule="trail-validated",
        good={"signed": [TRAIL]},
        bad={"off": trail(enableLogFileValidation=False), "by default": trail(enableLogFileValidation=None)},
    ),
    Case(
        rule="trail-searchable",
        good={"a group": [TRAIL]},
        bad={"no group": trail(cloudWatchLogsGroupArn=None), "no role": trail(cloudWatchLogsRoleArn=None)},
    ),
    Case(
        rule="trail-records-objects",
        good={"both": [TRAIL]},
        bad={
            "calls alone": trail(advancedEventSelectors=[CALLS]),
            "writes alone": trail(advancedEventSelectors=[CALLS, WRITES]),
            "nothing": trail(advancedEventSelectors=None),
        },
    ),
    Case(
        rule="trail-may-deliver",
        good={"for this trail": [ARCHIVE, BOUND, TRAIL], "a bucket of others": trail(s3BucketName="theirs")},
        bad={"no policy": [ARCHIVE, TRAIL], "for anybody": [ARCHIVE, grant(), TRAIL]},
    ),
    Case(
        rule="trail-calls-heard",
        good={"each": TOLD, "not searchable": trail(cloudWatchLogsGroupArn=None)},
        bad={
            "nothing is counted": [TRAIL],
            "root is not counted": without(TOLD, "root"),
            "in another group": but(TOLD, "root", logGroupName="h"),
            "no alarm": without(TOLD, "on changes of rights"),
            "an alarm that tells nobody": but(TOLD, "on changes of rights", alarmActions=[]),
        },
    ),
    Case(
        rule="config-records-everything",
        good={"started": CONFIG},
        bad={
            "some types": but(CONFIG, "recorder", recordingGroup={"allSupported": False}),
            "not started": without(CONFIG, "started"),
            "stopped": but(CONFIG, "started", isEnabled=False),
            "no channel": without(CONFIG, "channel"),
        },
    ),
    Case(
        rule="config-rule-managed",
        good={"of AWS": [row("aws:cfg/rule:Rule", source={"owner": "AWS"})]},
        bad={"of ours": [row("aws:cfg/rule:Rule", source={"owner": "CUSTOM_LAMBDA"})]},
    ),
    Case(
        rule="config-delivery-encrypted",
        good={"a key": [CHANNEL]},
        bad={"none": but([CHANNEL], "channel", s3KmsKeyArn=None)},
    ),
    Case(
        rule="guardduty-on",
        good={"with objects": [DETECTOR, FEATURE]},
        bad={"off": but([DETECTOR, FEATURE], "detector", enable=False), "no feature": [DETECTOR]},
    ),
    Case(
        rule="guardduty-feature-on",
        good={"on": [FEATURE]},
        bad={"off": but([FEATURE], "feature", status="DISABLED")},
    ),
    Case(
        rule="access-analyzed",
        good={"account": [row("aws:accessanalyzer/analyzer:Analyzer", type="ACCOUNT")]},
        bad={"unused": [row("aws:accessanalyzer/analyzer:Analyzer", type="ACCOUNT_UNUSED_ACCESS")]},
    ),
    Case(
        rule="hub-standards-chosen",
        good={"chosen": [HUB]},
        bad={
            "by default": but([HUB], "hub", enableDefaultStandards=None),
            "each twice": but([HUB], "hub", controlFindingGenerator="STANDARD_CONTROL"),
        },
    ),
    Case(rule="hub-reads-config", good={"beside it": [STANDARD, RECORDER]}, bad={"alone": [STANDARD]}),
    Case(
        rule="findings-heard",
        good={"by a topic": HEARD},
        bad={
            "by nobody": [DETECTOR],
            "by a rule without a target": [DETECTOR, HEARS],
            "by a rule that is off": but(HEARD, "hears", state="DISABLED"),
            "by a rule for others": but(HEARD, "hears", eventPattern=json.dumps({"source": ["aws.s3"]})),
            "by a clock": but(HEARD, "hears", eventPattern=None),
            "elsewhere": [replace(DETECTOR, region="eu-west-1"), HEARS, SENDS],
        },
        says="GuardDuty Finding",
    ),
    Case(
        rule="hipaa-eligible-only",
        good={
            "eligible": [row("aws:s3/bucket:Bucket", tagsAll=HEALTH)],
            "not held to it": but([DAX], "dax", tagsAll={"Owner": "x"}),
        },
        bad={"not eligible": [DAX]},
        says="service 'dax' is not eligible",
    ),
    Case(
        rule="budget-declared",
        good={"a budget": [HOSTING, BUDGET]},
        bad={"none": [HOSTING]},
        says="the stack has no budget",
    ),
    Case(
        rule="budget-heard",
        good={"both kinds": [BUDGET]},
        bad={
            "nothing foreseen": but([BUDGET], "month", notifications=NOTICES[:2]),
            "late": but([BUDGET], "month", notifications=LATE),
            "unheard": but([BUDGET], "month", notifications=UNHEARD),
            "nothing": but([BUDGET], "month", notifications=None),
        },
        says="notification",
    ),
    Case(
        rule="budget-acts",
        good={"by itself": [BUDGET, ACTION]},
        bad={"no action": [BUDGET], "asks first": but([BUDGET, ACTION], "action", approvalModel="MANUAL")},
        says="action",
    ),
    Case(
        rule="budget-spares-serving",
        good={"trainings": [BUDGET, STOP, ACTION]},
        bad={
            "everything": [BUDGET, denying("*"), ACTION],
            "all of SageMaker": [BUDGET, denying("sagemaker:*"), ACTION],
            "calls": [BUDGET, denying("sagemaker:InvokeEndpoint"), ACTION],
            "a policy of others": [BUDGET, ACTION],
            "machines": but([BUDGET, STOP, ACTION], "action", definition={"ssmActionDefinition": {}}),
        },
    ),
    Case(
        rule="budget-covers-cost",
        good={"cheap": placed(BUDGET, KEY), "nothing but the budget": placed(BUDGET)},
        bad={
            "dear": placed(BUDGET, DEAR),
            "dear, and more of which nobody knows": placed(BUDGET, DEAR, CLUSTER),
        },
        says="limitAmount is 500 and the stack costs 1,0",
    ),
    Case(
        rule="anomalies-told",
        good={"a subscription": [MONITOR, SUBSCRIPTION]},
        bad={
            "none": [MONITOR],
            "nobody": but([MONITOR, SUBSCRIPTION], "told", subscribers=[]),
        },
        says="no subscription",
    ),
)
