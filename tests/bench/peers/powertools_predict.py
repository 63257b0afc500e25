"""The predict route as one would write it with Powertools' REST resolver, pyjwt and redis-py."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import jwt
import redis
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import UnauthorizedError
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel


class Predict(BaseModel):
    """The request's body."""

    input: dict[str, int | float | bool | str]


def make(pool: Any, port: int, features: dict[str, Any], *, remembered: bool) -> Callable[[], Any]:
    """A call of the handler, whose token is verified in full each time or was verified before."""
    from tests.functions.support.calls import ENVIRONMENT, event

    app = APIGatewayRestResolver(enable_validation=True)
    keys = {row["kid"]: jwt.PyJWK(row) for row in json.loads(pool.document())["keys"]}
    store = redis.Redis("127.0.0.1", port, socket_timeout=0.05, socket_connect_timeout=0.05)
    verified: dict[str, dict[str, Any]] = {}

    def claims() -> dict[str, Any]:
        token = app.current_event.headers.get("Authorization", "").removeprefix("Bearer ")
        if remembered and token in verified and verified[token]["exp"] > time.time():
            return verified[token]
        try:
            key = keys[jwt.get_unverified_header(token)["kid"]]
            options: Any = {"require": ["exp", "iat", "sub"], "verify_aud": False}
            found: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], issuer=pool.issuer, options=options)
        except (jwt.InvalidTokenError, KeyError) as error:
            raise UnauthorizedError("invalid token") from error
        if found["client_id"] != pool.client_id or found["token_use"] != "access":
            raise UnauthorizedError("invalid token")
        if "aws.cognito.signin.user.admin" not in found["scope"].split():
            raise UnauthorizedError("missing scope")
        verified[token] = found
        return found

    @app.post("/v1/ml/predict")
    def predict(body: Predict) -> dict[str, Any]:
        began = time.perf_counter()
        tenant = claims()["sub"]
        row = json.dumps(body.input, sort_keys=True, separators=(",", ":"))
        kept: Any = store.get(f"p:{tenant}:v1:{sha256(row.encode()).hexdigest()}")
        found = json.loads(kept.partition(b"\n")[2])
        return {
            "predictionId": found["predictionId"],
            "result": found["result"],
            "processingTime": (time.perf_counter() - began) * 1000,
            "modelVersion": found["modelVersion"],
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }

    call = event("POST", "/v1/ml/predict", body={"input": features}, token=pool.token())
    context = LambdaContext()
    if app.resolve(call, context)["statusCode"] == 401:
        raise RuntimeError(f"the token is not taken in {ENVIRONMENT['AWS_REGION']}")
    return lambda: app.resolve(call, context)
