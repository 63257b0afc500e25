"""Batch predictions of one region, composed from a stack's settings."""

from __future__ import annotations

from components.foundation import Foundation, Stack
from components.ml_batches.component import MlBatches
from components.ml_endpoint import MlEndpoint
from functions.shared.places import BATCH_RESULTS


def answer_batches(stack: Stack, ground: Foundation, endpoint: MlEndpoint) -> MlBatches:
    """Predictions for many rows, in the background."""
    settings, built, keys, chosen = stack.settings, stack.built, ground.keys, stack.settings.batch
    lake = ground.lake
    return MlBatches(
        stack.named("batches"),
        {
            "name_prefix": stack.prefix,
            "keys": {"data": keys.arn("data"), "logs": keys.arn("logs"), "notifications": keys.arn("notifications")},
            "batches_table": ground.tables.table_name("batches"),
            "batches_table_arn": ground.tables.table_arn("batches"),
            "bucket": lake.bucket_name("processed"),
            "files": [*lake.may_read("processed", BATCH_RESULTS), *lake.may_write("processed", BATCH_RESULTS)],
            "endpoint_name": f"{stack.prefix}-predict",
            "configurations": [f"{stack.prefix}-*", endpoint.hosting["OwnConfigurations"]],
            "model_role": endpoint.role.id,
            "image": endpoint.image,
            "secret_arn": ground.callbacks.secret_arn,
            "signing": ground.callbacks.may_sign(),
            "functions_directory": built.functions,
            "layers": [ground.layer.arn],
            "memory_mb": settings.functions.memory_mb,
            "log_days": settings.observability.log_days,
            "endpoint_rows": chosen.endpoint_rows,
            "most_transforms": chosen.most_transforms,
            "instance_type": chosen.instance_type,
            "workers": chosen.workers,
            "callback_tries": chosen.callback_tries,
            "keep_days": chosen.keep_days,
            "largest_body_kb": chosen.largest_body_kb,
        },
        stack.opts,
    )
