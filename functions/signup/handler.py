"""Triggers of the user pool: `PreSignUp_…` and `PostConfirmation_…`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from functions.shared.logs import Log
from functions.shared.settings import load
from functions.shared.tasks import Run, WorkError, task
from functions.signup.logic import Groups, Users, after, before
from functions.signup.settings import Settings
from functions.signup.store import PoolGroups, UsersTable


def build(
    environ: Mapping[str, str] = os.environ, users: Users | None = None, groups: Groups | None = None
) -> tuple[Run, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    table = UsersTable(settings.users_table) if users is None else users
    members = PoolGroups() if groups is None else groups

    def run(event: Mapping[str, Any]) -> dict[str, Any]:
        source = str(event.get("triggerSource"))
        if source.startswith("PreSignUp_"):
            return before(event, settings)
        if source.startswith("PostConfirmation_"):
            return after(event, settings, table, members)
        raise WorkError(f"triggerSource is {source!r}; allowed: PreSignUp_… and PostConfirmation_…; remove the trigger")

    return run, Log(environ["AWS_LAMBDA_FUNCTION_NAME"])


handler = task(build)
