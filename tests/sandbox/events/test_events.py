"""Rules deliver to their targets, S3 announces its objects, and nothing of it fails the caller."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.events import Events

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def events(cloud: Cloud, tmp_path: Path, hands: Hands) -> Iterator[Events]:
    events = Events(cloud, tmp_path, now=hands, tick_s=None, retry_base_s=0.01)
    events.install()
    events.attach(None)
    yield events
    events.close()


def queue(cloud: Cloud, name: str) -> tuple[str, str]:
    client = cloud.client("sqs")
    url = client.create_queue(QueueName=name)["QueueUrl"]
    return url, client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def rule(cloud: Cloud, arn: str, pattern: dict[str, Any] | None = None, **target: Any) -> None:
    client = cloud.client("events")
    client.put_rule(Name="rule", EventPattern=json.dumps(pattern or {"source": ["shop"]}))
    client.put_targets(Rule="rule", Targets=[{"Id": "one", "Arn": arn, **target}])


def put(cloud: Cloud, **entry: Any) -> dict[str, Any]:
    whole = {"Source": "shop", "DetailType": "Sold", "Detail": json.dumps({"price": 3, "name": 'a "b"'}), **entry}
    answer: dict[str, Any] = cloud.client("events").put_events(Entries=[whole])
    return answer


def bodies(cloud: Cloud, url: str) -> list[str]:
    messages = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return [message["Body"] for message in messages.get("Messages", [])]


def test_a_matching_event_reaches_a_queue_with_account_region_and_time(cloud: Cloud, events: Events) -> None:
    url, arn = queue(cloud, "inbox")
    rule(cloud, arn)
    put(cloud, Resources=["arn:aws:s3:::shop"])
    assert events.idle()
    (body,) = bodies(cloud, url)
    event = json.loads(body)
    assert list(event) == ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    assert (event["account"], event["region"], event["resources"]) == (
        cloud.account,
        cloud.region,
        ["arn:aws:s3:::shop"],
    )
    assert datetime.fromisoformat(event["time"]).tzinfo is not None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"Input": '{"fixed": 1}'}, '{"fixed": 1}'),
        ({"InputPath": "$.detail.price"}, "3"),
        (
            {"InputTransformer": {"InputPathsMap": {"p": "$.detail.price"}, "InputTemplate": '{"sold": <p>}'}},
            '{"sold": 3}',
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"n": "$.detail.name"}, "InputTemplate": '"sold <n> at <x>"'}},
            'sold a "b" at <x>',
        ),
    ],
    ids=["constant", "part", "template", "sentence"],
)
def test_a_target_gets_what_it_asked_for(cloud: Cloud, events: Events, target: dict[str, Any], expected: str) -> None:
    url, arn = queue(cloud, "inbox")
    rule(cloud, arn, **target)
    put(cloud)
    assert events.idle()
    assert bodies(cloud, url) == [expected]


def test_a_disabled_rule_delivers_nothing(cloud: Cloud, events: Events) -> None:
    url, arn = queue(cloud, "inbox")
    rule(cloud, arn)
    cloud.client("events").disable_rule(Name="rule")
    put(cloud)
    assert events.idle()
    assert bodies(cloud, url) == []


def test_a_target_of_an_unknown_service_does_not_fail_put_events_nor_other_targets(
    cloud: Cloud, events: Events
) -> None:
    url, arn = queue(cloud, "inbox")
    rule(cloud, "arn:aws:ecs:us-east-1:123456789012:cluster/none")
    cloud.client("events").put_targets(Rule="rule", Targets=[{"Id": "two", "Arn": arn}])
    assert put(cloud)["FailedEntryCount"] == 0
    assert events.idle()
    assert len(bodies(cloud, url)) == 1
    assert "service 'ecs'" in events.courier.failures[0].message


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(cloud: Cloud, events: Events) -> None:
    url, dead = queue(cloud, "dead")
    missing = "arn:aws:states:us-east-1:123456789012:stateMachine:missing"
    rule(cloud, missing, DeadLetterConfig={"Arn": dead}, RoleArn="arn:aws:iam::123456789012:role/x")
    put(cloud)
    assert events.idle()
    message = cloud.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
    assert json.loads(message["Body"])["source"] == "shop"
    assert message["MessageAttributes"]["TARGET_ARN"]["StringValue"] == missing
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "StateMachineDoesNotExist"


def test_a_state_machine_starts_with_the_text_of_the_template(cloud: Cloud, events: Events) -> None:
    cloud.client("iam").create_role(RoleName="x", AssumeRolePolicyDocument="{}")
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    client = cloud.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/x"
    arn = client.create_state_machine(name="m", definition=definition, roleArn=role)["stateMachineArn"]
    template = {"InputPathsMap": {"p": "$.detail.price"}, "InputTemplate": '{"price": <p>}'}
    rule(cloud, arn, InputTransformer=template, RoleArn=role)
    put(cloud)
    assert events.idle()
    (execution,) = client.list_executions(stateMachineArn=arn)["executions"]
    assert json.loads(client.describe_execution(executionArn=execution["executionArn"])["input"]) == {"price": 3}


def upload(cloud: Cloud, *, versioned: bool) -> None:
    client = cloud.client("s3")
    client.create_bucket(Bucket="raw")
    if versioned:
        client.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    client.put_bucket_notification_configuration(
        Bucket="raw", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    client.put_object(Bucket="raw", Key="uploads/a.csv", Body=b"12345")


@pytest.mark.parametrize("versioned", [True, False], ids=["versioned", "unversioned"])
def test_an_uploaded_object_is_announced_once_as_s3_does(cloud: Cloud, events: Events, versioned: bool) -> None:
    url, arn = queue(cloud, "inbox")
    cloud.client("events").create_event_bus(Name="other")
    rule(cloud, arn, {"source": ["aws.s3"], "detail-type": ["Object Created"]})
    upload(cloud, versioned=versioned)
    assert events.idle()
    (body,) = bodies(cloud, url)
    event = json.loads(body)
    assert event["resources"] == ["arn:aws:s3:::raw"]
    assert event["detail"]["bucket"] == {"name": "raw"}
    assert event["detail"]["reason"] == "PutObject"
    described = event["detail"]["object"]
    assert (described["key"], described["size"]) == ("uploads/a.csv", 5)
    assert described["etag"] == "827ccb0eea8a706c4c34a16891f84e7b"
    assert ("version-id" in described) is versioned
    assert described["sequencer"]


def test_sequencers_grow(cloud: Cloud, events: Events) -> None:
    url, arn = queue(cloud, "inbox")
    rule(cloud, arn, {"source": ["aws.s3"]})
    upload(cloud, versioned=True)
    assert events.idle()
    cloud.client("s3").put_object(Bucket="raw", Key="b", Body=b"")
    assert events.idle()
    found = [json.loads(body)["detail"]["object"]["sequencer"] for body in bodies(cloud, url)]
    assert len(found) == 2
    assert found == sorted(set(found))


def test_a_schedule_rule_fires_once_a_period(cloud: Cloud, events: Events, hands: Hands) -> None:
    url, arn = queue(cloud, "inbox")
    client = cloud.client("events")
    client.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    client.put_targets(Rule="hourly", Targets=[{"Id": "one", "Arn": arn}])
    assert events.clock.tick() == 0
    hands.time = NOON + timedelta(minutes=59)
    assert events.clock.tick() == 0
    hands.time = NOON + timedelta(minutes=60)
    assert events.clock.tick() == 1
    assert events.idle()
    assert events.clock.tick() == 0
    hands.time = NOON + timedelta(hours=9)  # asleep for eight periods: one event, not eight
    assert events.clock.tick() == 1
    assert events.idle()
    first, _ = sorted((json.loads(body) for body in bodies(cloud, url)), key=lambda event: event["time"])
    assert (first["source"], first["detail-type"], first["detail"]) == ("aws.events", "Scheduled Event", {})
    assert first["time"] == "2026-03-01T13:00:00Z"


def test_a_schedule_starts_an_execution_at_its_time_and_is_deleted_after(
    cloud: Cloud, events: Events, hands: Hands
) -> None:
    url, arn = queue(cloud, "inbox")
    cloud.client("scheduler").create_schedule(
        Name="once",
        ScheduleExpression="at(2026-03-01T14:30:00)",
        ScheduleExpressionTimezone="Europe/Madrid",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": arn,
            "RoleArn": "arn:aws:iam::123456789012:role/x",
            "Input": '{"at": "<aws.scheduler.scheduled-time>"}',
        },
    )
    assert events.clock.tick() == 0
    hands.time = NOON + timedelta(minutes=90)
    assert events.clock.tick() == 1
    assert events.idle()
    assert bodies(cloud, url) == ['{"at": "2026-03-01T13:30:00Z"}']
    assert cloud.client("scheduler").list_schedules()["Schedules"] == []


def test_close_puts_moto_back_and_ends_all_threads(cloud: Cloud, tmp_path: Path) -> None:
    from moto.events.models import Rule
    from moto.s3 import notifications

    before = (Rule.send_to_targets, notifications._send_event_bridge_message)
    events = Events(cloud, tmp_path)
    events.install()
    events.attach(None)
    assert before[0] is not Rule.send_to_targets
    events.close()
    assert (Rule.send_to_targets, notifications._send_event_bridge_message) == before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("event-")]


def test_a_schedule_can_call_any_operation(cloud: Cloud, events: Events, hands: Hands) -> None:
    url, _ = queue(cloud, "inbox")
    cloud.client("scheduler").create_schedule(
        Name="call",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
            "RoleArn": "arn:aws:iam::123456789012:role/x",
            "Input": json.dumps({"QueueUrl": url, "messageBody": "hello"}),
        },
    )
    assert events.clock.tick() == 0
    hands.time = NOON + timedelta(minutes=1)
    assert events.clock.tick() == 1
    assert events.idle()
    assert bodies(cloud, url) == ["hello"]


def test_a_target_that_is_missing_is_given_up_and_the_others_are_served(cloud: Cloud, events: Events) -> None:
    url, arn = queue(cloud, "inbox")
    rule(cloud, "arn:aws:kinesis:us-east-1:123456789012:stream/later", RetryPolicy={"MaximumRetryAttempts": 0})
    cloud.client("events").put_targets(Rule="rule", Targets=[{"Id": "two", "Arn": arn}])
    put(cloud)
    assert events.idle()
    assert len(bodies(cloud, url)) == 1
    (failure,) = events.courier.failures
    assert (failure.code, failure.attempts) == ("ResourceNotFoundException", 0)
