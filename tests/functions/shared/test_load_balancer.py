"""The same operations behind a load balancer, which sends other events than API Gateway."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

from pydantic import Field

from functions.shared.api import STAGE_PATH, Operation, answer
from functions.shared.schemas import Body
from tests.functions.support.apps import POOL, Client

TRACE = "Root=1-67891233-abcdef012345678912345678"


class Given(Body):
    """A body for these tests."""

    name: Annotated[str, Field(max_length=20)]


def client() -> Client:
    return Client(
        {
            "POST /v1/echo": Operation(
                lambda request: {"name": request.body.name, "user": request.caller.user_id},
                scopes=("aws.cognito.signin.user.admin",),
                request=Given,
            )
        }
    )


def sent(path: str, *, token: str | None = None, body: Any = None) -> dict[str, Any]:
    """An event as an application load balancer sends it to a function."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"}},
        "httpMethod": "POST",
        "path": path,
        "queryStringParameters": {},
        "headers": {
            "content-type": "application/json",
            "x-amzn-trace-id": TRACE,
            **({"authorization": f"Bearer {token}"} if token else {}),
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def call(path: str, **more: Any) -> tuple[int, Any]:
    found = answer(client().app, sent(path, **more), time.perf_counter())
    assert isinstance(found["body"], str)
    assert found["isBase64Encoded"] is False
    return found["statusCode"], json.loads(found["body"])


def test_an_operation_is_found_by_its_path() -> None:
    status, body = call(f"{STAGE_PATH}/v1/echo", token=POOL.token(), body={"name": "Ada"})
    assert (status, body["name"]) == (200, "Ada")
    assert body["user"]


def test_nobody_passes_without_a_token() -> None:
    status, body = call(f"{STAGE_PATH}/v1/echo", body={"name": "Ada"})
    assert (status, body["error"]["code"]) == (401, "token_missing")


def test_a_body_is_checked_by_the_function_itself() -> None:
    status, body = call(f"{STAGE_PATH}/v1/echo", token=POOL.token(), body={"name": "x" * 21})
    assert (status, body["error"]["code"]) == (400, "invalid_request")


def test_another_path_is_not_found_and_names_the_request() -> None:
    status, body = call("/v1/other", token=POOL.token())
    assert (status, body["error"]["code"], body["error"]["requestId"]) == (404, "not_found", TRACE)
