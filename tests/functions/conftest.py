"""An AWS of its own for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from functions.shared.aws.sdk import client
from tests.functions.support.calls import REGION


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
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
        yield
    client.cache_clear()
