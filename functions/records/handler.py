"""`/v1/data`: records of users."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.records.operations import operations
from functions.records.settings import Settings
from functions.records.store import RecordStore
from functions.shared.api import App, serve
from functions.shared.database.settings import database
from functions.shared.door.guarded import guarded
from functions.shared.logs import Log
from functions.shared.settings import load


def build(environ: Mapping[str, str] = os.environ) -> App:
    """Everything that the function needs; no connection is opened before it is used."""
    settings = load(Settings, environ)
    kept = database(settings, environ)
    answers = operations(None if kept is None else RecordStore(kept))
    return guarded(answers, Log(environ["AWS_LAMBDA_FUNCTION_NAME"]), settings, environ)


handler = serve(build)
