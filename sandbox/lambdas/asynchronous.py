"""Events that nobody waits for: tried again, and in the end sent to the declared destination or dead-letter queue."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from sandbox.events.targets import Arn, queue_url
from sandbox.lambdas.instance import Invocation
from sandbox.lambdas.plan import Asynchronous, Plan, ThrottledError

RETRY_S = (1.0, 2.0)
"""Waiting times before the retries. Lambda waits one minute and then two."""
THROTTLED_S = 1.0
MAX_AGE_S = 6 * 3600.0

logger = logging.getLogger(__name__)


class Clients(Protocol):
    """Where the destinations live."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client."""


Attempt = Callable[[], Awaitable[Invocation]]


async def deliver(plan: Plan, qualifier: str, payload: bytes, attempt: Attempt, clients: Clients) -> None:
    """Runs an event to its end: retries, then the destination of success or failure."""
    rules = plan.asynchronous.get(qualifier) or plan.asynchronous.get("") or Asynchronous()
    result, attempts = await _try(rules.retries, attempt)
    target = rules.on_failure if result.error else rules.on_success
    try:
        if target:
            document = destination_record(plan, qualifier, payload, result, attempts)
            await asyncio.to_thread(_send, clients, target, json.dumps(document), {})
        if result.error and plan.dead_letter:
            reason = _text(result.payload)
            attributes = {"RequestID": result.request_id, "ErrorCode": "200", "ErrorMessage": reason[:1024]}
            await asyncio.to_thread(_send, clients, plan.dead_letter, payload.decode(), attributes)
    except Exception:
        # Nobody waits for an event; what the destination answered is kept for whoever looks for the reason.
        logger.exception("the result of function %s could not be sent to %s", plan.name, target or plan.dead_letter)


async def _try(retries: int, attempt: Attempt) -> tuple[Invocation, int]:
    attempts = 0
    loop = asyncio.get_running_loop()
    until = loop.time() + MAX_AGE_S
    while True:
        try:
            result = await attempt()
        except ThrottledError:
            # A throttled event waits in Lambda's queue; it does not use up its retries.
            if loop.time() > until:
                raise
            await asyncio.sleep(THROTTLED_S)
            continue
        attempts += 1
        if result.error is None or attempts > retries:
            return result, attempts
        await asyncio.sleep(RETRY_S[min(attempts, len(RETRY_S)) - 1])


def destination_record(plan: Plan, qualifier: str, payload: bytes, result: Invocation, attempts: int) -> dict[str, Any]:
    """What Lambda sends to a destination."""
    return {
        "version": "1.0",
        "timestamp": dt.datetime.now(dt.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": result.request_id,
            "functionArn": plan.qualified(qualifier or "$LATEST"),
            "condition": "RetriesExhausted" if result.error else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(payload or b"{}"),
        "responseContext": {
            "statusCode": 200,
            "executedVersion": result.version,
            **({"functionError": result.error} if result.error else {}),
        },
        "responsePayload": json.loads(result.payload or b"null"),
    }


def _send(clients: Clients, arn: str, body: str, attributes: dict[str, str]) -> None:
    target = Arn.parse(arn)
    marks = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    client = clients.client(target.service, target.region)
    match target.service:
        case "sqs":
            client.send_message(QueueUrl=queue_url(target), MessageBody=body, MessageAttributes=marks)
        case "sns":
            client.publish(TopicArn=arn, Message=body, MessageAttributes=marks)
        case "events":
            entry = {"Source": "lambda", "DetailType": "Lambda Function Invocation Result", "Detail": body}
            client.put_events(Entries=[{**entry, "EventBusName": arn}])
        case "lambda":
            client.invoke(FunctionName=arn, InvocationType="Event", Payload=body.encode())
        case _:
            raise ValueError(
                f"destination {arn}: service {target.service!r} is no destination; use sqs, sns, events or lambda"
            )


def _text(payload: bytes) -> str:
    try:
        return str(json.loads(payload).get("errorMessage", ""))
    except (ValueError, AttributeError):
        return payload.decode(errors="replace")
