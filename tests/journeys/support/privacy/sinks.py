"""Everything that a deployed stack writes down: logs, metrics, events, messages, histories, tables, objects, files."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.journeys.support.deployed import Deployed

Written = Iterator[tuple[str, str]]
"""Where it is, and what is there."""
LARGEST = 1_000_000


def logs(deployed: Deployed, since: float = 0) -> Written:
    """Every log group, stream by stream; metrics that functions emit are lines of theirs."""
    client = deployed.client("logs")
    for row in client.describe_log_groups()["logGroups"]:
        name = row["logGroupName"]
        for stream in client.describe_log_streams(logGroupName=name)["logStreams"]:
            given = {"logGroupName": name, "logStreamName": stream["logStreamName"], "startTime": int(since * 1000)}
            pages, token = [], ""
            while True:
                found = client.get_log_events(**given, startFromHead=True, **({"nextToken": token} if token else {}))
                pages += [event["message"] for event in found["events"]]
                if found["nextForwardToken"] == token or not found["events"]:
                    break
                token = found["nextForwardToken"]
            yield f"log {name}", "\n".join(pages)


def metrics(deployed: Deployed) -> Written:
    """Names and dimensions of every metric."""
    pages = deployed.client("cloudwatch").get_paginator("list_metrics").paginate()
    yield "metrics", json.dumps([page["Metrics"] for page in pages])


def histories(deployed: Deployed) -> Written:
    """Input, output and each step of every execution."""
    client = deployed.client("stepfunctions")
    for machine in client.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        for row in client.list_executions(stateMachineArn=arn, maxResults=500)["executions"]:
            described = client.describe_execution(executionArn=row["executionArn"])
            history = client.get_execution_history(executionArn=row["executionArn"], maxResults=1000)["events"]
            yield f"execution of {machine['name']}", json.dumps([described, history], default=str)


def queues(deployed: Deployed) -> Written:
    """What waits in every queue of the stack, left where it is."""
    client = deployed.client("sqs")
    for url in client.list_queues(QueueNamePrefix="mlplatform-").get("QueueUrls", []):
        given = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
        rows = client.receive_message(**given, MessageAttributeNames=["All"]).get("Messages", [])
        yield f"queue {url.rpartition('/')[2]}", json.dumps(rows, default=str)


def tables(deployed: Deployed) -> Written:
    """Every item of every table."""
    client = deployed.client("dynamodb")
    for name in client.list_tables()["TableNames"]:
        items = [item for page in client.get_paginator("scan").paginate(TableName=name) for item in page["Items"]]
        yield f"table {name}", json.dumps(items, default=str)


def objects(deployed: Deployed) -> Written:
    """Keys and contents of every bucket."""
    client = deployed.client("s3")
    for bucket in client.list_buckets()["Buckets"]:
        name = bucket["Name"]
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
            for row in page.get("Contents", []):
                content = ""
                if row["Size"] < LARGEST:
                    content = client.get_object(Bucket=name, Key=row["Key"])["Body"].read().decode(errors="replace")
                yield f"bucket {name}: {row['Key'].split('/')[0]}/", f"{row['Key']}\n{content}"


def traces(deployed: Deployed) -> Written:
    """Segments of X-Ray, where the stack has any."""
    folder = deployed.place.home / "traces"
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            yield "traces", path.read_bytes().decode(errors="replace")


def files(deployed: Deployed) -> Written:
    """Every file of the sandbox's own folder, and what else its temporary folder has."""
    for folder in (deployed.place.home, deployed.place.temporary):
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            try:
                content = path.read_bytes()
            except OSError:  # gone meanwhile: a socket, or a file of a job that ended
                continue
            yield f"file {path.relative_to(folder)}", content.decode(errors="replace")


def processes(deployed: Deployed) -> Written:
    """Command line and environment of every process."""
    for number, command in deployed.place.processes().items():
        yield f"command line {command[:60]}", command
        try:
            found = (Path("/proc") / str(number) / "environ").read_bytes()
        except OSError:  # it ended
            continue
        yield f"environment of {command[:60]}", found.decode(errors="replace")


EVERYWHERE = (logs, metrics, histories, queues, tables, objects, traces, files, processes)


class Overheard:
    """Hears every event of every bus and every message of every topic while the block lasts."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._events, self._sqs, self._sns = (deployed.client(name) for name in ("events", "sqs", "sns"))
        self._name = f"overheard-{secrets.token_hex(6)}"
        self._buses: list[str] = []
        self._subscriptions: list[str] = []

    def __enter__(self) -> Self:
        self._queue = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        arn, pattern = found["QueueArn"], json.dumps({"source": [{"prefix": ""}]})
        services = {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]}
        grant = {"Effect": "Allow", "Principal": services, "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        for bus in self._events.list_event_buses()["EventBuses"]:
            self._events.put_rule(Name=self._name, EventBusName=bus["Name"], EventPattern=pattern)
            self._buses.append(bus["Name"])
            target = {"Id": "queue", "Arn": arn}
            self._events.put_targets(Rule=self._name, EventBusName=bus["Name"], Targets=[target])
        for topic in self._sns.list_topics()["Topics"]:
            made = self._sns.subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=arn)
            self._subscriptions.append(made["SubscriptionArn"])
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for bus in self._buses:
            self._events.remove_targets(Rule=self._name, EventBusName=bus, Ids=["queue"])
            self._events.delete_rule(Name=self._name, EventBusName=bus)
        for subscription in self._subscriptions:
            self._sns.unsubscribe(SubscriptionArn=subscription)
        self._sqs.delete_queue(QueueUrl=self._queue)

    def written(self) -> Written:
        """All that was heard."""
        heard: list[Any] = []
        while rows := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            heard += rows
            for row in rows:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=row["ReceiptHandle"])
        for row in heard:
            yield "event or notification", row["Body"]
