"""`/v1/users`: records of users."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.shared.api import App, serve
from functions.shared.cache.opening import cache
from functions.shared.database.settings import database
from functions.shared.door.guarded import guarded
from functions.shared.identity.ending import SessionEnds
from functions.shared.logs import Log
from functions.shared.settings import load
from functions.users.logic import Places
from functions.users.operations import operations
from functions.users.settings import Settings
from functions.users.store import Folder, PoolAccounts, RelationalData, UsersTable


def build(environ: Mapping[str, str] = os.environ) -> App:
    """Everything that the function needs; no connection is opened before it is used."""
    settings = load(Settings, environ)
    memory = cache(settings.cache_host, settings.cache_port, settings.cache_secret_arn, environ)
    places = Places(
        UsersTable(settings.users_table),
        PoolAccounts(settings.user_pool_id),
        SessionEnds(settings.sessions_table, memory, keep_days=settings.session_days),
        (RelationalData(database(settings, environ)), Folder(settings.folders_bucket)),
    )
    # Without the cache in front: whose account is closed is told for certain.
    return guarded(operations(places), Log(environ["AWS_LAMBDA_FUNCTION_NAME"]), settings, environ)


handler = serve(build)
