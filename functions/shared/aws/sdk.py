"""Clients of AWS by the SDK, made on first use, for functions that can wait for its import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from functions.shared.aws.tracing import OFF, part
from functions.shared.errors import ApiError

THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
    }
)


@lru_cache
def client(service: str, region: str = "") -> Any:
    """A client that gives up well before API Gateway does.

    The standard AWS_… variables say who, and where unless a region is given.
    """
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 3}
    # In regions older than it the SDK still signs addresses by version 2, which S3 refuses for what KMS encrypts.
    version = {"signature_version": "s3v4"} if service == "s3" else {}
    made = boto3.client(
        service,
        region_name=region or None,
        config=Config(connect_timeout=2, read_timeout=6, retries=retries, **version),
    )
    for moment, tell in (("before-call", _begin), ("after-call", _end), ("after-call-error", _end)):
        made.meta.events.register(moment, tell)
    return made


def _begin(model: Any, context: dict[str, Any], **_: Any) -> None:
    """A call of the SDK is a part of the trace."""
    context["part"] = part(model.service_model.service_name, {"namespace": "aws", "aws": {"operation": model.name}})
    context["part"].__enter__()


def _end(context: dict[str, Any], parsed: Any = None, exception: BaseException | None = None, **_: Any) -> None:
    told = context.pop("part", OFF)
    if parsed is not None:
        told.answered(int(parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 200)))
    told.__exit__(None if exception is None else type(exception), exception, None)


@contextmanager
def told(**codes: str) -> Iterator[None]:
    """Turns AWS's errors into ours: `told(UsernameExistsException="account_exists")`.

    Throttling becomes `throttled`; what has no row becomes `unavailable` where AWS failed or could not be reached, and
    stays an exception (our mistake, `internal`) otherwise.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = code_of(error)
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
        if code in codes:
            raise ApiError(codes[code], why=code) from error
        if code in THROTTLED:
            raise ApiError("throttled", why=code) from error
        if status >= 500:
            raise ApiError("unavailable", why=code) from error
        raise
    except BotoCoreError as error:
        raise ApiError("unavailable", why=type(error).__name__) from error


@contextmanager
def tolerated(*codes: str) -> Iterator[None]:
    """Takes an error of AWS with one of these codes for an answer; inside of `told`."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if code_of(error) not in codes:
            raise


def code_of(error: Any) -> str:
    """The code of a ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


def plain(value: Any) -> Any:
    """What DynamoDB's document interface gives, with numbers as float or int."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value
