"""One cloud for the tests of a file; each test has a runtime, and so keys and codes, of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.callers import Callers
from sandbox.cloud import Cloud
from sandbox.identity import Identities
from tests.sandbox.identity.support import Clock, Place, Pool, Runner


@pytest.fixture
def place(cloud: Cloud, tmp_path: Path) -> Iterator[Place]:
    runner, clock, callers = Runner(), Clock(), Callers()
    identities = Identities(cloud, runner, tmp_path, clock, callers)
    identities.install()
    yield Place(cloud, identities, runner, clock, callers)
    identities.close()


@pytest.fixture
def pool(place: Place) -> Pool:
    return Pool(place)
