"""One cloud for the tests of a file; each test has a runtime, and so keys and codes, of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from sandbox.identity import Identities
from tests.sandbox.identity.support import Clock, Place, Pool, Runner


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    cloud, runner, clock = Cloud(), Runner(), Clock()
    identities = Identities(cloud, runner, tmp_path, clock)
    cloud.start(0)
    identities.install()
    try:
        yield Place(cloud, identities, runner, clock)
    finally:
        identities.close()
        cloud.stop()


@pytest.fixture
def pool(place: Place) -> Pool:
    return Pool(place)
