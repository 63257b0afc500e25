"""An AWS of its own for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from functions.shared.aws.sdk import client
from tests.functions.support.calls import REGION


@pytest.fixture(scope="session")
def sdk() -> boto3.Session:
    """Reads each service's model once for all tests; moto puts itself into every session made after its import."""
    return boto3.Session()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, sdk: boto3.Session) -> Iterator[None]:
    """Moto in this process, and clients that belong to it."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()
    with mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", sdk)
        yield
    client.cache_clear()
