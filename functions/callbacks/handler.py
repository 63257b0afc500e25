"""The messages of the callbacks queue."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

from functions.callbacks.delivery import Poster, connected, resolved
from functions.callbacks.logic import METRICS, Callbacks
from functions.callbacks.settings import Settings
from functions.shared.aws.queues import Hider, Queue, Take, consumer
from functions.shared.aws.sdk import client
from functions.shared.batches.record import BatchesTable
from functions.shared.logs import Log
from functions.shared.settings import load
from functions.shared.signing import KeyRing


def build(environ: Mapping[str, str] = os.environ) -> tuple[Take, Hider, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)

    def ring() -> KeyRing:
        # Read anew each time: a rotated key counts at once, and callbacks are few.
        found = client("secretsmanager").get_secret_value(SecretId=settings.secret_arn)
        return KeyRing.parse(found["SecretString"])

    callbacks = Callbacks(
        poster=Poster(
            connect_timeout_s=settings.connect_timeout_ms / 1000,
            answer_timeout_s=settings.answer_timeout_ms / 1000,
            resolve=resolved,
            connect=connected,
            context=ssl.create_default_context(),
        ),
        record=BatchesTable(settings.batches_table, environ["AWS_REGION"]),
        ring=ring,
        tries=settings.tries,
        first_wait_s=settings.first_wait_s,
    )
    return callbacks.take, Queue(settings.queue_url), Log(environ["AWS_LAMBDA_FUNCTION_NAME"], metrics=METRICS)


handler = consumer(build)
"""Reports the messages that failed; the others are dealt with."""
