"""`/v1/users`: records of users; and accounts that another region has closed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from functions.shared.api import App, serve
from functions.shared.cache.opening import cache
from functions.shared.database.settings import database
from functions.shared.door.guarded import guarded
from functions.shared.identity.ending import SessionEnds
from functions.shared.logs import Log
from functions.shared.settings import load
from functions.shared.tasks import Run, task
from functions.users.logic import Places, follow
from functions.users.operations import operations
from functions.users.settings import Settings
from functions.users.store import Folder, PoolAccounts, RelationalData, UsersTable


def build(environ: Mapping[str, str] = os.environ) -> App:
    """Everything that the routes need; no connection is opened before it is used."""
    settings = load(Settings, environ)
    # Without the cache in front: whose account is closed is told for certain.
    return guarded(operations(places(settings, environ)), log(environ), settings, environ)


def follower(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """What follows the users table's stream."""
    return partial(follow, places(load(Settings, environ), environ)), log(environ)


def places(settings: Settings, environ: Mapping[str, str]) -> Places:
    """Everywhere that something of a user is in this region."""
    memory = cache(settings.cache_host, settings.cache_port, settings.cache_secret_arn, environ)
    return Places(
        UsersTable(settings.users_table),
        PoolAccounts(settings.user_pool_id),
        SessionEnds(settings.sessions_table, memory, keep_days=settings.session_days),
        (RelationalData(database(settings, environ)), Folder(settings.folders_bucket)),
    )


def log(environ: Mapping[str, str]) -> Log:
    """The function's log."""
    return Log(environ["AWS_LAMBDA_FUNCTION_NAME"])


answered, followed = serve(build), task(follower)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """A request, or records of the stream."""
    return (followed if "Records" in event else answered)(event, context)
