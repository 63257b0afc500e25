"""The messages of the work queue: batches to answer, transforms that are over, and a look at what still runs."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.batchwork.finish import Finish
from functions.batchwork.large import Large
from functions.batchwork.logic import METRICS, Work
from functions.batchwork.settings import Settings
from functions.batchwork.small import Small
from functions.batchwork.store import SageMakerTransforms
from functions.shared.aws.calls import Service
from functions.shared.aws.endpoint import Endpoint
from functions.shared.aws.queues import Hider, Queue, Take, consumer
from functions.shared.batches.files import BatchFiles
from functions.shared.batches.record import BatchesTable
from functions.shared.logs import Log
from functions.shared.settings import load


def build(environ: Mapping[str, str] = os.environ) -> tuple[Take, Hider, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    table, files = BatchesTable(settings.batches_table, environ["AWS_REGION"]), BatchFiles(settings.bucket)
    queue = Queue(settings.queue_url)
    runtime = Service("sagemaker-runtime", environ, timeout_s=settings.model_timeout_ms / 1000)
    finish = Finish(table, files, Queue(settings.callbacks_url))
    small = Small(
        finish=finish,
        answers=files,
        model=Endpoint(runtime, settings.endpoint_name),
        queue=queue,
        piece_rows=settings.piece_rows,
        tries=settings.tries,
    )
    large = Large(
        finish=finish,
        questions=files,
        transforms=SageMakerTransforms(
            settings.job_prefix,
            settings.endpoint_name,
            settings.key_arn,
            settings.instance_type,
            settings.volume_key_arn,
        ),
        slots=table,
        queue=queue,
        piece_rows=settings.transform_rows,
        most=settings.most_transforms,
        wait_s=settings.slot_wait_s,
    )
    work = Work(table=table, small=small, large=large, prefix=settings.job_prefix)
    return work.take, queue, Log(environ["AWS_LAMBDA_FUNCTION_NAME"], metrics=METRICS)


handler = consumer(build)
"""Reports the messages that failed; the others are dealt with."""
