"""Hears what a topic publishes, by a queue of its own that is gone afterwards."""

from __future__ import annotations

import json
import secrets
from types import TracebackType
from typing import Self

from tests.journeys.support.deployed import Deployed


class Listener:
    """A queue that is subscribed to one topic while the block lasts."""

    def __init__(self, deployed: Deployed, topic_arn: str) -> None:
        self._sqs, self._sns = deployed.client("sqs"), deployed.client("sns")
        self._topic_arn = topic_arn
        self._heard: list[str] = []

    def __enter__(self) -> Self:
        self._queue = self._sqs.create_queue(QueueName=f"listening-{secrets.token_hex(6)}")["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        subscribed = self._sns.subscribe(TopicArn=self._topic_arn, Protocol="sqs", Endpoint=found["QueueArn"])
        self._subscription = subscribed["SubscriptionArn"]
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._queue)

    def messages(self) -> list[str]:
        """The text of every message so far."""
        while rows := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for row in rows:
                self._heard.append(json.loads(row["Body"])["Message"])
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=row["ReceiptHandle"])
        return list(self._heard)
