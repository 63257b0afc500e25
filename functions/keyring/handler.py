"""`{"userPools": [ids]}` → `{id: JWKS document}`; the deployment calls it and gives the answer to every function."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.keyring.logic import collect
from functions.shared.aws.calls import endpoint_of, fetch
from functions.shared.identity.pool import FETCH_TIMEOUT_S, region_of
from functions.shared.logs import Log
from functions.shared.tasks import Run, task


def build(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """Everything that the function needs."""

    def document(pool_id: str) -> bytes:
        place = endpoint_of("cognito-idp", {**environ, "AWS_REGION": region_of(pool_id)})
        return fetch(f"{place}/{pool_id}/.well-known/jwks.json", FETCH_TIMEOUT_S)

    return lambda event: collect(event, document), Log(environ["AWS_LAMBDA_FUNCTION_NAME"])


handler = task(build)
