"""How an event reaches each kind of target: one function a service, all through the ordinary AWS calls."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore import xform_name

from sandbox.callers import Caller, service


class Clients(Protocol):
    """What delivery needs of the cloud."""

    @property
    def region(self) -> str:
        """The region of the stack."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service."""


class Cloud(Clients, Protocol):
    """The services, and who may use them as."""

    @property
    def account(self) -> str:
        """The account number."""

    def in_role(self, arn: str, session: str, region: str | None = None) -> Clients:
        """The services as a role may use them."""

    def acting(self, caller: Caller, region: str | None = None) -> Clients:
        """The services as somebody may use them."""


class UnsupportedTargetError(RuntimeError):
    """The sandbox cannot deliver to this kind of target."""


@dataclass(frozen=True)
class Arn:
    """An ARN in its parts."""

    text: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """The parts of an ARN; UnsupportedTargetError when the text is none."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise UnsupportedTargetError(f"target {text!r} is not an ARN")
        return cls(text, parts[2], parts[3], parts[4], parts[5])


@dataclass(frozen=True)
class Parcel:
    """One thing to deliver: the target as declared, the text it gets and the id of the event that caused it."""

    target: Mapping[str, Any]
    text: str
    event_id: str


OPEN = frozenset({"lambda", "sqs", "sns", "logs"})
"""Services whose resources let EventBridge's rules in by a policy of their own."""
SESSION = "events"
"""The name under which EventBridge assumes roles."""

ALIASES: Mapping[str, str] = {
    "sfn": "stepfunctions",
    "states": "stepfunctions",
    "cloudwatch": "cloudwatch",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "eventbridge": "events",
    "sagemakerruntime": "sagemaker-runtime",
    "secretsmanager": "secretsmanager",
}
"""Names of services in `aws-sdk` integrations that differ from botocore's."""


def service_of(name: str) -> str:
    """Botocore's name of a service that an `aws-sdk` integration names."""
    return ALIASES.get(name.lower(), name.lower())


def call(clients: Clients, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
    """Calls an operation (`startExecution` of `sfn`); the first letters of the parameters may be of either case.

    Raises:
        UnsupportedTargetError: when the service has no such operation.
    """
    client = clients.client(service_of(service))
    method = xform_name(operation[:1].upper() + operation[1:])
    if not hasattr(client, method):
        raise UnsupportedTargetError(f"service {service!r} has no operation {operation!r}")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    members = {name.lower(): name for name in shape.members} if shape is not None else {}
    return getattr(client, method)(**{members.get(name.lower(), name): value for name, value in parameters.items()})


def sender(cloud: Cloud, parcel: Parcel, source_arn: str) -> Clients:
    """The services as whoever delivers may use them: the role of the target, else the service in its own name.

    Functions, queues, topics and log groups let a rule in by their own policies; all else needs a role that the rule
    is given, and a schedule always has one.
    """
    arn, source = Arn.parse(str(parcel.target["Arn"])), Arn.parse(source_arn)
    if source.service == "scheduler" or arn.service not in OPEN:
        return cloud.in_role(str(parcel.target.get("RoleArn") or ""), SESSION)
    return cloud.acting(service(f"{source.service}.amazonaws.com", source_arn, cloud.account))


Deliver = Callable[[Clients, Arn, Parcel], None]


def _lambda(clients: Clients, arn: Arn, parcel: Parcel) -> None:
    clients.client("lambda", arn.region).invoke(
        FunctionName=arn.text, InvocationType="Event", Payload=_as_json(parcel.text).encode()
    )


def _state_machine(clients: Clients, arn: Arn, parcel: Parcel) -> None:
    # The name comes from the event and the target alone: a repeated delivery does not start a second execution.
    name = f"{parcel.event_id}_{uuid.uuid5(uuid.NAMESPACE_URL, arn.text + parcel.text)}"
    clients.client("stepfunctions", arn.region).start_execution(
        stateMachineArn=arn.text, name=name[:80], input=_as_json(parcel.text)
    )


def _topic(clients: Clients, arn: Arn, parcel: Parcel) -> None:
    clients.client("sns", arn.region).publish(TopicArn=arn.text, Message=_as_text(parcel.text))


def queue_url(arn: Arn) -> str:
    """The address of a queue, which follows from its ARN; asking for it would need a right of its own."""
    return f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"


def _queue(clients: Clients, arn: Arn, parcel: Parcel) -> None:
    client = clients.client("sqs", arn.region)
    url = queue_url(arn)
    group = (parcel.target.get("SqsParameters") or {}).get("MessageGroupId")
    extra = {"MessageGroupId": group} if group else {}
    client.send_message(QueueUrl=url, MessageBody=_as_text(parcel.text), **extra)


def _logs(clients: Clients, arn: Arn, parcel: Parcel) -> None:
    group = arn.resource.removeprefix("log-group:").removesuffix(":*")
    client = clients.client("logs", arn.region)
    stream = str(uuid.uuid4())
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    entry = {"timestamp": int(time.time() * 1000), "message": parcel.text}
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[entry])


def _bus(clients: Clients, arn: Arn, parcel: Parcel) -> None:
    event = json.loads(parcel.text)
    parameters = parcel.target.get("EventBridgeParameters") or {}
    answer = clients.client("events", arn.region).put_events(
        Entries=[
            {
                "Source": parameters.get("Source") or event["source"],
                "DetailType": parameters.get("DetailType") or event["detail-type"],
                "Detail": json.dumps(event if parameters else event["detail"]),
                "Resources": event.get("resources", []),
                "EventBusName": arn.text,
            }
        ]
    )
    refused = answer["Entries"][0].get("ErrorCode") if answer.get("FailedEntryCount") else None
    if refused:
        raise RuntimeError(f"event bus {arn.text} refused the event: {refused}")


def _stream(clients: Clients, arn: Arn, parcel: Parcel) -> None:
    clients.client("kinesis", arn.region).put_record(
        StreamName=arn.resource.removeprefix("stream/"), Data=parcel.text.encode(), PartitionKey=parcel.event_id
    )


def _firehose(clients: Clients, arn: Arn, parcel: Parcel) -> None:
    clients.client("firehose", arn.region).put_record(
        DeliveryStreamName=arn.resource.removeprefix("deliverystream/"), Record={"Data": parcel.text.encode()}
    )


def _sdk_call(clients: Clients, arn: Arn, parcel: Parcel) -> None:
    """A universal target of EventBridge Scheduler: `arn:aws:scheduler:::aws-sdk:service:operation`."""
    _, service, operation = arn.resource.split(":")
    call(clients, service, operation, json.loads(parcel.text or "{}"))


DELIVER: Mapping[str, Deliver] = {
    "lambda": _lambda,
    "states": _state_machine,
    "sns": _topic,
    "sqs": _queue,
    "logs": _logs,
    "events": _bus,
    "kinesis": _stream,
    "firehose": _firehose,
    "scheduler": _sdk_call,
}
"""The service in a target's ARN → how to deliver to it."""


def deliver(clients: Clients, parcel: Parcel) -> None:
    """Delivers once.

    Raises:
        UnsupportedTargetError: for a service that is not in `DELIVER`.
        botocore.exceptions.ClientError: what the target's service answered.
    """
    arn = Arn.parse(str(parcel.target["Arn"]))
    how = DELIVER.get(arn.service)
    if how is None:
        known = ", ".join(sorted(DELIVER))
        raise UnsupportedTargetError(
            f"target {arn.text} is of service {arn.service!r}; the sandbox delivers to {known}"
        )
    how(clients, arn, parcel)


def _as_json(text: str) -> str:
    """The text when it is JSON, else a JSON string of it: functions and state machines take nothing else."""
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(text)
    return text


def _as_text(text: str) -> str:
    """The words of a template that is one JSON string, as queues and topics get them; other text as it is."""
    if text.startswith('"'):
        try:
            found = json.loads(text)
        except ValueError:
            return text
        return found if isinstance(found, str) else text
    return text
