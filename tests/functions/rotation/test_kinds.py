"""Secrets Manager, ElastiCache and key rings as the function meets them: their answers, refusals and failures."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import redis
from botocore.stub import Stubber

from functions.rotation import handler
from functions.rotation.cache import ReplicationGroup
from functions.rotation.logic import CURRENT, PENDING, Rotation
from functions.rotation.signing import SigningKeys
from functions.rotation.store import Secret
from functions.shared.aws.sdk import client
from functions.shared.cache.breaker import Cache, Limits
from functions.shared.cache.resp import Dialer
from functions.shared.settings import SettingsError
from functions.shared.signing import KeyRing
from functions.shared.tasks import WorkError
from tests.functions.rotation.fakes import ARN, FakeVault
from tests.functions.support.certificates import certificate
from tests.functions.support.faults import Answering
from tests.functions.support.redis import real_redis

GROUP = "mlplatform-dev-cache"
NOW = 1_800_000_000.0
DAY_S = 86_400.0
PATIENT = Limits(call_s=2, answer_s=2, slow_s=1, probe_s=2, pause_s=0.01, longest_pause_s=0.05)
RING = {"keys": [{"id": "first", "secret": "s" * 64}]}


@pytest.fixture
def secrets(aws: None) -> Iterator[Stubber]:
    del aws
    with Stubber(client("secretsmanager")) as answers:
        yield answers
        answers.assert_no_pending_responses()


@pytest.fixture
def elasticache(aws: None) -> Iterator[Stubber]:
    del aws
    with Stubber(client("elasticache")) as answers:
        yield answers
        answers.assert_no_pending_responses()


def value(text: str, created: datetime | None = None) -> dict[str, Any]:
    made = created or datetime.now(timezone.utc)
    return {"ARN": ARN, "Name": "token", "VersionId": "v" * 32, "SecretString": text, "CreatedDate": made}


def test_a_secret_tells_its_labels(secrets: Stubber) -> None:
    stages = {"VersionIdsToStages": {"a" * 32: [CURRENT]}, "RotationEnabled": True}
    secrets.add_response("describe_secret", stages, {"SecretId": ARN})
    state = Secret(ARN).state()
    assert (state.rotates, state.labelled(CURRENT), state.labelled(PENDING)) == (True, "a" * 32, None)


def test_a_version_without_a_value_is_none(secrets: Stubber) -> None:
    secrets.add_client_error("get_secret_value", "ResourceNotFoundException")
    assert Secret(ARN).value(PENDING, "v" * 32) is None


def test_a_refusal_is_no_missing_value(secrets: Stubber) -> None:
    secrets.add_client_error("get_secret_value", "AccessDeniedException")
    with pytest.raises(Exception, match="AccessDenied"):
        Secret(ARN).value(CURRENT)


@pytest.mark.parametrize("text", ["plain", "[]", '"x"'])
def test_a_value_that_is_no_object_is_named_and_not_shown(secrets: Stubber, text: str) -> None:
    secrets.add_response("get_secret_value", value(text))
    with pytest.raises(WorkError, match="staged as AWSCURRENT holds no JSON object") as caught:
        Secret(ARN).value(CURRENT)
    assert text not in str(caught.value)


def test_a_value_that_another_run_has_put_stays(secrets: Stubber) -> None:
    secrets.add_client_error("put_secret_value", "ResourceExistsException")
    Secret(ARN).keep("v" * 32, {"token": "x"})


def test_a_pending_value_is_staged_as_pending_only(secrets: Stubber) -> None:
    expected = {
        "SecretId": ARN,
        "ClientRequestToken": "v" * 32,
        "SecretString": '{"token": "x"}',
        "VersionStages": [PENDING],
    }
    secrets.add_response("put_secret_value", {}, expected)
    Secret(ARN).keep("v" * 32, {"token": "x"})


def test_the_age_is_that_of_the_version_in_force(secrets: Stubber) -> None:
    begun = datetime.now(timezone.utc) - timedelta(days=31)
    secrets.add_response("get_secret_value", value("{}", begun), {"SecretId": ARN, "VersionStage": CURRENT})
    assert Secret(ARN).age_days() == pytest.approx(31, abs=0.01)


@pytest.mark.parametrize(
    ("status", "changing", "settled"),
    [("available", {}, True), ("modifying", {}, False), ("available", {"AuthTokenStatus": "ROTATING"}, False)],
)
def test_a_group_is_settled_when_it_is_available_and_takes_no_token(
    elasticache: Stubber, status: str, changing: dict[str, str], settled: bool
) -> None:
    group = {"ReplicationGroupId": GROUP, "Status": status, "PendingModifiedValues": changing}
    elasticache.add_response("describe_replication_groups", {"ReplicationGroups": [group]})
    assert ReplicationGroup(GROUP, "127.0.0.1", 1).settled() is settled


def test_a_token_is_changed_at_once(elasticache: Stubber) -> None:
    expected = {
        "ReplicationGroupId": GROUP,
        "AuthToken": "t" * 64,
        "AuthTokenUpdateStrategy": "ROTATE",
        "ApplyImmediately": True,
    }
    elasticache.add_response("modify_replication_group", {}, expected)
    ReplicationGroup(GROUP, "127.0.0.1", 1).change("t" * 64, "ROTATE")


def test_a_refused_change_tells_the_code_and_not_the_token(elasticache: Stubber) -> None:
    elasticache.add_client_error("modify_replication_group", "InvalidParameterValue", f"bad token {'t' * 64}")
    with pytest.raises(WorkError, match=r"refused to ROTATE the token of .*: InvalidParameterValue") as caught:
        ReplicationGroup(GROUP, "127.0.0.1", 1).change("t" * 64, "ROTATE")
    assert "ttt" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        (b"+OK\r\n", True),
        (b"-WRONGPASS invalid username-password pair\r\n", False),
        (b"-ERR AUTH called without any password configured\r\n", False),
    ],
)
def test_redis_says_whether_a_token_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, accepted: bool
) -> None:
    public, private = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    with Answering(answer, context) as port:
        assert ReplicationGroup(GROUP, "127.0.0.1", port).accepts("t" * 64) is accepted


def test_a_cache_that_cannot_be_reached_is_no_refusal() -> None:
    with pytest.raises(WorkError, match=r"cannot be reached .*; mend it, then rotate again"):
        ReplicationGroup(GROUP, "127.0.0.1", 1).accepts("t" * 64)


def signing(vault: FakeVault, step: str) -> None:
    kind = SigningKeys(7, clock=lambda: NOW)
    Rotation(vault, kind).run({"Step": step, "SecretId": ARN, "ClientRequestToken": "v2"})


def test_a_signing_key_is_followed_by_another_and_counts_for_a_week_more() -> None:
    vault = FakeVault(RING)
    vault.begin("v2")
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        signing(vault, step)
    ring = KeyRing.of(vault.value(CURRENT) or {})
    newest, first = ring.keys
    assert (first.id, first.until, newest.until) == ("first", NOW + 7 * DAY_S, None)
    assert len(newest.secret) >= 32
    old = KeyRing.of(RING)
    assert old.verify(ring.sign(b"body", NOW), b"body", NOW)
    assert not old.verify(ring.sign(b"body", NOW + 8 * DAY_S), b"body", NOW + 8 * DAY_S)


def test_a_secret_that_is_no_key_ring_is_left_alone() -> None:
    vault = FakeVault({"keys": "none"})
    vault.begin("v2")
    with pytest.raises(WorkError, match="holds no key ring: keys: a list"):
        signing(vault, "createSecret")
    assert "v2" not in vault.values


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"KIND": "other"}, "KIND: 'other' is not allowed; give one of cache, database, signing"),
        ({"KIND": "cache"}, "CACHE_GROUP, CACHE_HOST: missing for the kind cache"),
        ({"KIND": "signing", "OVERLAP_DAYS": "long"}, "OVERLAP_DAYS: 'long' is not allowed; give a number"),
        ({}, "KIND: missing"),
    ],
)
def test_a_function_without_what_its_kind_needs_does_not_begin(variables: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        handler.build({"SECRET_ARN": ARN, "AWS_LAMBDA_FUNCTION_NAME": "rotation", **variables})


def test_each_run_tells_the_age_of_the_secret(secrets: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    secrets.add_response("get_secret_value", value("{}", datetime.now(timezone.utc) - timedelta(days=3)))
    run, _ = handler.build({"SECRET_ARN": ARN, "AWS_LAMBDA_FUNCTION_NAME": "rotation-x", "KIND": "signing"})
    assert run({"Step": "reportAge"}) == {"outcome": "reported"}
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert line["SecretAgeDays"] == pytest.approx(3, abs=0.01)
    assert line["Function"] == "rotation-x"
    assert line["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "SecretAgeDays", "Unit": "Count"}]


def test_whoever_signed_in_before_a_rotation_reads_the_new_token_when_the_old_one_is_refused() -> None:
    """Redis takes both for a while, then the new one alone, and ends what was signed in by the old one (a failover)."""
    secret = [b"old"]
    with real_redis("--requirepass", "old") as server:
        cache = Cache(Dialer("127.0.0.1", server.port, password=lambda: secret[0], tls=False), PATIENT)
        with redis.Redis("127.0.0.1", server.port, password="old", protocol=2) as administrator:
            assert cache.put("k", b"v", 60)
            administrator.execute_command("ACL", "SETUSER", "default", ">new")
            assert cache.get("k") == b"v"
            secret[0] = b"new"
            administrator.execute_command("ACL", "SETUSER", "default", "resetpass", ">new")
            assert cache.get("k") == b"v"
            administrator.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert eventually(lambda: cache.get("k") == b"v")
        cache.close()


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()
