"""`POST /v1/auth/…`: accounts, sessions and second factors."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.accounts.logic import Directory, Sessions
from functions.accounts.operations import operations
from functions.accounts.sessions import SessionStore
from functions.accounts.settings import Settings
from functions.accounts.store import UserPool
from functions.shared.api import App, serve
from functions.shared.cache.opening import cache
from functions.shared.door.guarded import guarded
from functions.shared.logs import Log
from functions.shared.settings import load


def build(
    environ: Mapping[str, str] = os.environ, directory: Directory | None = None, store: Sessions | None = None
) -> App:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    memory = cache(settings.cache_host, settings.cache_port, settings.cache_secret_arn, environ)
    pool = UserPool(settings.client_id)
    if store is None:
        store = SessionStore(settings.sessions_table, settings.users_table, memory, keep_days=settings.session_days)
    answers = operations(pool if directory is None else directory, store, pool)
    # Without the cache in front: who signs out is told for certain.
    return guarded(answers, Log(environ["AWS_LAMBDA_FUNCTION_NAME"]), settings, environ)


handler = serve(build)
