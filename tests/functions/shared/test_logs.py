"""What a log holds of an exception: kinds, codes of AWS and places, and none of its text."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from functions.shared.aws.calls import AwsError
from functions.shared.errors import ApiError
from functions.shared.logs import fault


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException", "Message": "ada@x.org"}}, "Query"),
         "ClientError AccessDeniedException"),
        (AwsError(400, "ThrottlingException", {}), "AwsError ThrottlingException"),
        (ClientError({"Error": {"Code": "ada@x.org"}}, "Query"), "ClientError"),
        (ApiError("model_failed"), "ApiError"),
        (ValueError("Ada Lovelace"), "ValueError"),
        (SystemExit(3), "SystemExit"),
    ],
    ids=["sdk", "by hand", "not a code", "ours", "any", "number"],
)  # fmt: skip
def test_an_error_is_told_by_its_kind_and_by_a_code_of_aws_alone(error: BaseException, told: str) -> None:
    assert fault(error) == {"error": [told], "at": []}


def test_causes_are_told_in_order() -> None:
    error = ValueError("x")
    error.__cause__ = ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")
    assert fault(error)["error"] == ["ValueError", "ClientError AccessDenied"]
