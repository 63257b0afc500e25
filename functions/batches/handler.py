"""`POST /v1/ml/batch-predict` and the routes of the batches that it begins."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.batches.logic import Batches
from functions.batches.operations import operations
from functions.batches.settings import Settings
from functions.shared.api import App, serve
from functions.shared.aws.queues import Queue
from functions.shared.batches.files import BatchFiles
from functions.shared.batches.record import BatchesTable
from functions.shared.door.guarded import guarded
from functions.shared.logs import Log
from functions.shared.settings import load


def build(environ: Mapping[str, str] = os.environ, batches: Batches | None = None) -> App:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    if batches is None:
        batches = Batches(
            table=BatchesTable(settings.batches_table, environ["AWS_REGION"]),
            files=BatchFiles(settings.bucket),
            queue=Queue(settings.queue_url),
            endpoint_rows=settings.endpoint_rows,
            keep_s=settings.keep_days * 86_400,
            url_s=settings.url_s,
        )
    return guarded(operations(batches), Log(environ["AWS_LAMBDA_FUNCTION_NAME"]), settings, environ)


handler = serve(build)
