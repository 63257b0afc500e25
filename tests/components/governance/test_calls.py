"""Calls that CIS names: each kind is recognised in records as CloudTrail writes them, told once, counted by name."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.session import get_session

from components.governance import Trail
from components.governance.calls import ACTS, CHANGES, NAMESPACE, Call
from components.observability.emitted import SERVICES
from components.values import Metric
from sandbox.alarms.patterns import read
from tests.components.governance.test_audit import arguments, trail
from tests.components.recorder import record

FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
EVERY = (*ACTS, *CHANGES)
LONGEST_PATTERN = 1024
USER = {"type": "IAMUser", "userName": "ada", "arn": "arn:aws:iam::123456789012:user/ada"}
ROOT = {"type": "Root", "arn": "arn:aws:iam::123456789012:root"}
SERVICE = {"type": "AWSService", "invokedBy": "config.amazonaws.com"}


def call(name: str, source: str = "ec2", **more: Any) -> dict[str, Any]:
    """A record of one call."""
    common = {"eventVersion": "1.09", "eventType": "AwsApiCall", "userIdentity": USER, "awsRegion": "us-east-1"}
    return {**common, "eventName": name, "eventSource": f"{source}.amazonaws.com", **more}


def sign_in(**more: Any) -> dict[str, Any]:
    """A record of a sign-in to the console."""
    succeeded = {"responseElements": {"ConsoleLogin": "Success"}, "additionalEventData": {"MFAUsed": "No"}}
    return call("ConsoleLogin", "signin", eventType="AwsConsoleSignIn", **{**succeeded, **more})


def made(**changes: Any) -> Trail:
    found: list[Trail] = []
    record(lambda: found.append(Trail("audit", arguments(**changes))))
    return found[0]


def found(happened: dict[str, Any]) -> set[str]:
    """Kinds that a record is of."""
    line = json.dumps(happened)
    return {row.noun for row in EVERY if read(row.pattern)(line)}


@pytest.mark.parametrize(
    ("happened", "kinds"),
    [
        pytest.param(call("ListBuckets", "s3", userIdentity=ROOT), {"root-used"}, id="root"),
        pytest.param(call("ListBuckets", "s3"), set(), id="user"),
        pytest.param(call("X", userIdentity={**ROOT, "invokedBy": "s3.amazonaws.com"}), set(), id="in root's name"),
        pytest.param(call("X", userIdentity=ROOT, eventType="AwsServiceEvent"), set(), id="event of a service"),
        pytest.param(
            call("RunInstances", errorCode="Client.UnauthorizedOperation"), {"calls-refused"}, id="ec2 refuses"
        ),
        pytest.param(call("GetObject", "s3", errorCode="AccessDenied"), {"calls-refused"}, id="s3 refuses"),
        pytest.param(call("X", "sts", errorCode="AccessDeniedException"), {"calls-refused"}, id="sts refuses"),
        pytest.param(call("X", errorCode="ThrottlingException"), set(), id="another error"),
        pytest.param(sign_in(), {"sign-in-without-mfa"}, id="password alone"),
        pytest.param(sign_in(additionalEventData={"MFAUsed": "Yes"}), set(), id="with a second factor"),
        pytest.param(sign_in(userIdentity={"type": "AssumedRole"}), set(), id="single sign-on"),
        pytest.param(
            sign_in(errorMessage="Failed authentication", responseElements={"ConsoleLogin": "Failure"}),
            {"sign-ins-failed"},
            id="wrong password",
        ),
        pytest.param(call("StopLogging", "cloudtrail"), {"trail-changed"}, id="trail"),
        pytest.param(call("ScheduleKeyDeletion", "kms"), {"key-ended"}, id="key"),
        pytest.param(call("AttachRolePolicy", "iam"), {"rights-changed"}, id="rights"),
        pytest.param(call("DeletePolicy", "organizations"), {"organization-changed"}, id="organization"),
        pytest.param(call("PutBucketPolicy", "s3"), {"bucket-policy-changed"}, id="bucket"),
        pytest.param(call("StopConfigurationRecorder", "config"), {"recorder-changed"}, id="recorder"),
        pytest.param(call("RevokeSecurityGroupEgress"), {"security-group-changed"}, id="security group"),
        pytest.param(call("CreateNetworkAclEntry"), {"network-acl-changed"}, id="access list"),
        pytest.param(call("AttachInternetGateway"), {"gateway-changed"}, id="gateway"),
        pytest.param(call("ReplaceRoute"), {"route-changed"}, id="route"),
        pytest.param(call("CreateRoute", "appmesh"), set(), id="route of another service"),
        pytest.param(call("DeleteVpc"), {"network-changed"}, id="network"),
    ],
)
def test_a_record_is_of_the_kinds_that_it_should_be(happened: dict[str, Any], kinds: set[str]) -> None:
    assert found(happened) == kinds


@pytest.mark.parametrize("row", CHANGES, ids=[row.noun for row in CHANGES])
def test_a_change_is_one_that_its_service_has(row: Call) -> None:
    named = set(re.findall(r"eventName=(\w+)", row.pattern))
    sources = re.findall(r"eventSource=(\w+)", row.pattern) or ["cloudtrail", "ec2"]
    known = {name for source in sources for name in get_session().get_service_model(source).operation_names}
    # Networks of the first kind are gone, and CIS still asks for them.
    gone = {name for name in named if "ClassicLink" in name}
    assert named - gone <= known


def test_every_kind_is_counted_by_a_filter_of_the_trails_log() -> None:
    recording = trail()
    rows = {row.inputs["name"]: row.inputs for row in recording.of_type(FILTER)}
    assert set(rows) == {row.metric for row in EVERY} == set(SERVICES[NAMESPACE].metrics)
    for row in EVERY:
        assert rows[row.metric]["pattern"] == row.pattern
        assert len(row.pattern) <= LONGEST_PATTERN
        assert rows[row.metric]["logGroupName"] == "/aws/cloudtrail/ml-prod-audit"
        change = rows[row.metric]["metricTransformation"]
        assert (change["name"], change["namespace"], change["value"]) == (row.metric, NAMESPACE, "1")


def test_each_kind_has_an_alarm_that_tells_no_end() -> None:
    alarms = {row.name: row for row in made().alarms()}
    assert set(alarms) == {row.noun for row in EVERY}
    for kind in EVERY:
        row = alarms[kind.noun]
        assert isinstance(row.metric, Metric)
        assert (row.metric.name, row.metric.statistic, row.metric.period_s) == (kind.metric, "Sum", 300)
        assert (row.comparison, row.threshold, row.periods) == ("GreaterThanThreshold", kind.threshold, 1)
        assert (row.event, row.missing_data, row.runbook) == (True, "notBreaching", "account-calls")
    critical = {name for name, row in alarms.items() if row.severity == "critical"}
    assert critical == {"root-used", "sign-in-without-mfa", "trail-changed", "key-ended"}


def test_every_kind_is_drawn_once() -> None:
    drawn = [metric.name for widget in made().widgets() for metric in widget.metrics if isinstance(metric, Metric)]
    assert sorted(drawn) == sorted(row.metric for row in EVERY)


@pytest.mark.parametrize("changes", [{"searchable": False}, {"watched": False}])
def test_what_nothing_counts_has_no_alarm(changes: dict[str, Any]) -> None:
    assert trail(**changes).of_type(FILTER) == []
    assert (made(**changes).alarms(), made(**changes).widgets()) == ([], [])
