"""A token is changed in the real Redis by ElastiCache's API: two work in between, and one in the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from botocore.exceptions import ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.cache import Caches
from sandbox.cloud import Cloud

OLD, NEW, NEWEST = "o" * 20, "n" * 20, "z" * 20
GROUP = "mlplatform-dev-cache"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    made.start(0)
    yield made
    made.stop()


@pytest.fixture
def caches(cloud: Cloud, tmp_path: Path) -> Iterator[Caches]:
    made = Caches(cloud, tmp_path / "cache")
    made.install()
    cloud.client("elasticache").create_replication_group(
        ReplicationGroupId=GROUP, ReplicationGroupDescription="predictions"
    )
    yield made
    made.close()


class Group:
    """A replication group with a real Redis, changed by ElastiCache's API."""

    def __init__(self, cloud: Cloud, caches: Caches) -> None:
        self.client, self.caches = cloud.client("elasticache"), caches
        _, self.port = caches.create(OLD, name=GROUP, region="us-east-1")

    def redis(self, token: str) -> redis.Redis:
        authority = str(self.caches.ca_file)
        return redis.Redis(
            "127.0.0.1",
            self.port,
            password=token,
            ssl=True,
            ssl_ca_certs=authority,
            protocol=2,
            socket_timeout=2,
            retry=Retry(NoBackoff(), 0),
        )

    def accepted(self) -> list[str]:
        return [token for token in (OLD, NEW, NEWEST) if self.accepts(token)]

    def accepts(self, token: str) -> bool:
        with self.redis(token) as client:
            try:
                return bool(client.ping())
            except redis.AuthenticationError:
                return False

    def change(self, token: str, strategy: str, **more: object) -> None:
        given = {"ReplicationGroupId": GROUP, "ApplyImmediately": True, **more}
        self.client.modify_replication_group(AuthToken=token, AuthTokenUpdateStrategy=strategy, **given)


@pytest.fixture
def group(cloud: Cloud, caches: Caches) -> Group:
    return Group(cloud, caches)


def test_a_rotated_token_works_beside_the_one_before(group: Group) -> None:
    assert group.accepted() == [OLD]
    group.change(NEW, "ROTATE")
    assert group.accepted() == [OLD, NEW]
    group.change(NEW, "SET")
    assert group.accepted() == [NEW]


def test_a_third_token_pushes_out_the_first(group: Group) -> None:
    group.change(NEW, "ROTATE")
    group.change(NEWEST, "ROTATE")
    assert group.accepted() == [NEW, NEWEST]


def test_tokens_outlive_a_restart(group: Group) -> None:
    group.change(NEW, "ROTATE")
    group.caches.restart(GROUP)
    assert group.accepted() == [OLD, NEW]


def test_whoever_is_signed_in_stays_signed_in(group: Group) -> None:
    with group.redis(OLD) as client:
        client.set("key", "value")
        group.change(NEW, "SET")
        assert client.get("key") == b"value"


@pytest.mark.parametrize(
    ("token", "strategy", "more", "says"),
    [
        ("short", "ROTATE", {}, "16 to 128"),
        ("with spaces and more", "ROTATE", {}, "printable"),
        (NEW, "REPLACE", {}, "AuthTokenUpdateStrategy is 'REPLACE'; allowed here: ROTATE, SET"),
        (NEW, "SET", {"ApplyImmediately": False}, "set ApplyImmediately to true"),
        (NEW, "SET", {"ReplicationGroupId": "other"}, "no replication group 'other'"),
    ],
)
def test_what_elasticache_would_refuse_changes_nothing(
    group: Group,
    token: str,
    strategy: str,
    more: dict[str, object],
    says: str,
) -> None:
    with pytest.raises(ClientError, match=says):
        group.change(token, strategy, **more)
    assert group.accepted() == [OLD]


def test_a_cache_that_does_not_run_refuses_the_change(group: Group) -> None:
    group.caches.kill(GROUP)
    with pytest.raises(ClientError, match="Redis does not answer"):
        group.change(NEW, "ROTATE")
    group.caches.restart(GROUP)
    assert group.accepted() == [OLD]


def test_other_changes_go_on_to_the_group(cloud: Cloud, caches: Caches) -> None:
    del caches
    client = cloud.client("elasticache")
    client.modify_replication_group(ReplicationGroupId=GROUP, ReplicationGroupDescription="other")
    assert client.describe_replication_groups()["ReplicationGroups"][0]["Description"] == "other"
