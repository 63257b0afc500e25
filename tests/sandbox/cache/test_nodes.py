"""A replica in another zone has the data and takes over when the primary's zone goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.cache import Caches
from sandbox.cache.tokens import TokenError
from sandbox.cloud import Cloud

TOKEN = "a-token-of-sixteen-characters"


@pytest.fixture
def caches(tmp_path: Path) -> Iterator[Caches]:
    made = Caches(Cloud(), tmp_path / "cache")
    yield made
    made.close()


def connect(caches: Caches, port: int) -> Any:
    return redis.Redis(
        host="127.0.0.1",
        port=port,
        password=TOKEN,
        ssl=True,
        ssl_ca_certs=str(caches.ca_file),
        socket_timeout=2,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def held(caches: Caches, port: int, key: str) -> bytes | None:
    with connect(caches, port) as client:
        found: bytes | None = client.get(key)
        return found


def fill(caches: Caches, port: int, nodes: int, **values: str) -> None:
    with connect(caches, port) as client:
        for key, value in values.items():
            client.set(key, value)
        deadline = time.monotonic() + 5
        while client.info("replication")["connected_slaves"] < nodes - 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert client.wait(nodes - 1, 2000) == nodes - 1


def test_a_replica_takes_over_with_the_data_on_the_same_port(caches: Caches) -> None:
    _, port = caches.create(TOKEN, name="c", zones=["a", "b", "c"], failover=True)
    fill(caches, port, 3, key="value")
    assert caches.roles("c") == [("a", True, True), ("b", True, False), ("c", True, False)]
    assert caches.lose_zone("a") == []
    assert held(caches, port, "key") == b"value"
    assert caches.roles("c") == [("a", False, False), ("b", True, True), ("c", True, False)]
    fill(caches, port, 2, later="too")
    caches.lose_zone("b")
    assert held(caches, port, "later") == b"too"


def test_a_zone_that_comes_back_follows_the_new_primary(caches: Caches) -> None:
    _, port = caches.create(TOKEN, name="c", zones=["a", "b"], failover=True)
    caches.lose_zone("a")
    fill(caches, port, 1, key="value")
    caches.recover_zone("a")
    assert caches.roles("c") == [("a", True, False), ("b", True, True)]
    fill(caches, port, 2, later="too")
    caches.lose_zone("b")
    assert (held(caches, port, "key"), held(caches, port, "later")) == (b"value", b"too")


@pytest.mark.parametrize(("zones", "failover"), [(["a"], True), (["a", "b"], False)], ids=["alone", "by-hand"])
def test_without_a_replica_that_may_take_over_the_group_is_gone(
    caches: Caches, zones: list[str], failover: bool
) -> None:
    _, port = caches.create(TOKEN, name="c", zones=zones, failover=failover)
    assert caches.lose_zone("a") == ["c"]
    with pytest.raises(redis.RedisError):
        held(caches, port, "key")
    caches.recover_zone("a")
    assert held(caches, port, "key") is None


def test_a_zone_without_the_primary_takes_nothing_from_clients(caches: Caches) -> None:
    _, port = caches.create(TOKEN, name="c", zones=["a", "b"], failover=True)
    fill(caches, port, 2, key="value")
    assert caches.lose_zone("b") == []
    assert held(caches, port, "key") == b"value"


def test_a_new_token_holds_on_every_node(caches: Caches) -> None:
    _, port = caches.create(TOKEN, name="c", region="r", zones=["a", "b"], failover=True)
    fill(caches, port, 2, key="value")
    caches.change_token("c", "r", "another-token-of-this-group", "ROTATE")
    caches.lose_zone("a")
    assert held(caches, port, "key") == b"value"


def test_groups_of_equal_names_have_a_token_in_each_region(caches: Caches) -> None:
    ports = {region: caches.create(TOKEN, name="c", region=region)[1] for region in ("east", "west")}
    caches.change_token("c", "east", "another-token-of-the-east", "SET")
    assert held(caches, ports["west"], "key") is None
    with pytest.raises(redis.AuthenticationError):
        held(caches, ports["east"], "key")
    with pytest.raises(TokenError, match="no replication group 'c' in south"):
        caches.change_token("c", "south", "another-token-of-the-south", "SET")


def test_equal_names_are_told_apart_by_region(caches: Caches) -> None:
    ports = {region: caches.create(TOKEN, name="c", region=region)[1] for region in ("east", "west")}
    with pytest.raises(LookupError, match="no cache 'c' in any region, or several"):
        caches.kill("c")
    caches.kill("c", "east")
    assert held(caches, ports["west"], "key") is None
    with pytest.raises(redis.ConnectionError):
        held(caches, ports["east"], "key")


def test_replicas_without_encryption_are_refused(caches: Caches) -> None:
    with pytest.raises(ValueError, match="has replicas without transit encryption"):
        caches.create(name="c", tls=False, zones=["a", "b"])
