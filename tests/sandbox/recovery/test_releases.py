"""What the AWS CLI changes of a function after the deployment is what its callers reach."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.events.hooks import Hooks
from sandbox.lambdas import Functions
from sandbox.lambdas.plan import LATEST, Plan
from sandbox.recovery.releases import Releases

NAME = "f"


def archive(answer: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("app.py", f"def handler(event, context):\n    return {answer!r}\n")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    folder, hooks, cloud = tmp_path_factory.mktemp("releases"), Hooks(), Cloud()
    cloud.start(0)
    made = Functions(cloud, folder / "functions")
    made.install()
    Releases(cloud, made, folder / "archives").install(hooks)
    role = cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    aws = cloud.client("lambda")
    code = {"ZipFile": archive("first")}
    aws.create_function(
        FunctionName=NAME, Runtime="python3.13", Role=role, Handler="app.handler", Code=code, Publish=True
    )
    aws.create_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
    declared = folder / "declared.zip"
    declared.write_bytes(archive("first"))
    arn = f"arn:aws:lambda:us-east-1:{cloud.account}:function:{NAME}"
    versions = {LATEST: LATEST, "1": "1", "live": "1"}
    plan = Plan(NAME, arn, "us-east-1", "app.handler", "python3.13", {"path": str(declared)}, versions=versions)
    made.plans["us-east-1", NAME] = plan
    yield made
    made.close()
    hooks.undo()
    cloud.stop()


def answer(functions: Functions, qualifier: str) -> str:
    return functions.invoke_sync(NAME, b"{}", qualifier=qualifier, timeout_s=30).payload.decode()


def test_callers_reach_what_the_alias_leads_to(functions: Functions) -> None:
    aws: Any = functions.cloud.client("lambda")
    assert answer(functions, "live") == answer(functions, "") == '"first"'
    second = aws.update_function_code(FunctionName=NAME, ZipFile=archive("second"), Publish=True)["Version"]
    assert answer(functions, "live") == '"first"'
    assert answer(functions, second) == answer(functions, "") == '"second"'
    aws.update_alias(FunctionName=NAME, Name="live", FunctionVersion=second)
    assert answer(functions, "live") == '"second"'
    aws.update_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
    assert answer(functions, "live") == '"first"'


def test_an_alias_that_is_made_and_removed_counts_at_once(functions: Functions) -> None:
    aws: Any = functions.cloud.client("lambda")
    aws.create_alias(FunctionName=NAME, Name="canary", FunctionVersion="1")
    assert answer(functions, "canary") == '"first"'
    aws.delete_alias(FunctionName=NAME, Name="canary")
    with pytest.raises(RuntimeError, match="Function not found"):
        answer(functions, "canary")


def test_a_function_that_is_not_of_the_stack_is_left_to_moto(functions: Functions) -> None:
    aws: Any = functions.cloud.client("lambda")
    role = aws.get_function(FunctionName=NAME)["Configuration"]["Role"]
    code = {"ZipFile": archive("other")}
    aws.create_function(FunctionName="other", Runtime="python3.13", Role=role, Handler="app.handler", Code=code)
    aws.publish_version(FunctionName="other")
    assert ("us-east-1", "other") not in functions.plans
