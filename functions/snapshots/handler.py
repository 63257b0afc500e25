"""The clock calls every five minutes; whoever wants a copy at once calls too, and again until there is one."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.measures import MEASURES
from functions.shared.logs import Log
from functions.shared.settings import load
from functions.shared.tasks import Run, task
from functions.snapshots.logic import Snapshots
from functions.snapshots.settings import Settings
from functions.snapshots.store import Elsewhere, Home


def build(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    cluster, prefix = settings.cluster, settings.name_prefix
    snapshots = Snapshots(
        here=Home(settings.region, cluster, prefix),
        there=Elsewhere(
            settings.other_region,
            cluster,
            prefix,
            source_region=settings.region,
            key_arn=settings.other_key_arn,
        ),
        prefix=prefix,
        every_s=60 * settings.every_min,
        kept=settings.kept,
    )
    return snapshots.run, Log(environ["AWS_LAMBDA_FUNCTION_NAME"], metrics=MEASURES["snapshots"])


handler = task(build)
