"""Invoked at each deployment with `{"digest", "waiting", "tf": {"action"}}`, and with nothing when a region takes over.

Answers `{"outcome", "applied", "version"}`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from functions.migrations import logic
from functions.migrations.files import read
from functions.migrations.settings import Settings
from functions.migrations.store import credentials
from functions.shared.aws.calls import Service
from functions.shared.database.connection import Address, Dialer, Limits, PostgreSql
from functions.shared.database.passwords import let_write, set_password
from functions.shared.logs import Log
from functions.shared.settings import load
from functions.shared.tasks import Run, task


def build(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    address = Address(settings.database_host, settings.database_port, settings.database_name, settings.database_user)

    vault = Service("secretsmanager", environ, timeout_s=5)

    def run(event: Mapping[str, Any]) -> dict[str, Any]:
        if event.get("tf", {}).get("action") == "delete":
            # The invocation leaves the stack; its data stays as long as the cluster does.
            return {"outcome": "kept", "applied": [], "version": None}
        # A new index takes as long as it takes: the function's own time limit is the limit.
        database = PostgreSql(Dialer(address, environ, Limits(connect_s=5, answer_s=600)))
        try:
            logic.wait_for(database, settings.wait_s)
            done = logic.migrate(database, read())
            # Set each time: what a broken rotation left behind is mended by a deployment.
            role, password = credentials(settings.application_secret, vault)
            set_password(database, role, password)
            let_write(database, role, may=not event.get("waiting"))
        finally:
            database.close()
        return done

    return run, Log(environ["AWS_LAMBDA_FUNCTION_NAME"])


handler = task(build)
