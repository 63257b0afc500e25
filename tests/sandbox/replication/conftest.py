"""A cloud with two regions, and copying that happens when a test turns the clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from sandbox.replication import Replication
from tests.sandbox.replication.support import Hands, Pair


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def replication(cloud: Cloud, hands: Hands, tmp_path: Path) -> Iterator[Replication]:
    made = Replication(cloud, tmp_path, lag_s=10, now=hands, threaded=False)
    made.install()
    yield made
    made.close()


@pytest.fixture
def pair(cloud: Cloud, replication: Replication, hands: Hands) -> Pair:
    return Pair(cloud, replication, hands)
