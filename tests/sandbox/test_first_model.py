"""What is started ahead for the first model comes from what is declared."""

from __future__ import annotations

import json

import pytest

from sandbox.first_model import called
from sandbox.ledger import Resource

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
ADDRESS = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"


def declared(token: str, **inputs: str) -> Resource:
    return Resource(urn="urn::one", type=token, name="one", inputs=inputs)


def route(function: str) -> dict[str, object]:
    return {"get": {"x-amazon-apigateway-integration": {"uri": ADDRESS.format(f"{ARN}{function}:live")}}}


def test_a_workflow_calls_the_functions_that_its_definition_names_each_once() -> None:
    tasks = {name: {"Type": "Task", "Parameters": {"FunctionName": f"{ARN}{name}:live"}} for name in ("b", "a")}
    states = {**tasks, "again": tasks["a"], "notify": {"Type": "Task", "Parameters": {"TopicArn": "arn:aws:sns:x:1:y"}}}
    machine = declared("aws:sfn/stateMachine:StateMachine", definition=json.dumps({"States": states}))
    assert list(called(machine)) == [f"{ARN}a:live", f"{ARN}b:live"]


def test_an_api_calls_the_functions_of_the_routes_that_the_first_model_asks() -> None:
    paths = {"/models": route("registry"), "/ml/predict": route("predictions"), "/users/{id}": route("accounts")}
    api = declared("aws:apigateway/restApi:RestApi", body=json.dumps({"paths": paths}))
    assert list(called(api)) == [f"{ARN}predictions:live", f"{ARN}registry:live"]


@pytest.mark.parametrize("token", ["aws:lambda/function:Function", "aws:s3/bucket:Bucket"])
def test_anything_else_calls_nothing(token: str) -> None:
    assert list(called(declared(token, definition=ARN + "a:live"))) == []
