"""One running cloud for the tests of a module, emptied for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.cloud import Cloud
from tests.sandbox.containers.support import emptied


@pytest.fixture(scope="module")
def running() -> Iterator[Cloud]:
    """A started cloud: its clients cost more to make than most tests."""
    cloud = Cloud()
    cloud.start(0)
    yield cloud
    cloud.stop()


@pytest.fixture
def cloud(running: Cloud) -> Cloud:
    """That cloud with nothing in it but a bucket."""
    return emptied(running)
