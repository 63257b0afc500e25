"""Signing keys in two regions: one secret, copied, under a key of each region."""

from __future__ import annotations

from typing import Any

import pytest

from components.secrets import SigningSecret
from tests.components.recorder import Recording, record

KEY, THERE = "arn:aws:kms:us-east-1:123456789012:key/a", "arn:aws:kms:us-west-2:123456789012:key/b"
ORIGIN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:callbacks-secret-AbCdEf"


def run(**more: Any) -> Recording:
    args: Any = {"purpose": "callbacks", "key_arn": KEY, **more}

    def program() -> dict[str, Any]:
        made = SigningSecret("callbacks", args)
        return {"arn": made.secret_arn, "rights": made.may_sign()}

    return record(program)


def test_a_secret_has_a_copy_in_each_region_that_is_asked_for() -> None:
    secret = run(replicas=[{"region": "us-west-2", "key_arn": THERE}]).one("aws:secretsmanager/secret:Secret")
    assert secret.inputs["replicas"] == [{"region": "us-west-2", "kmsKeyId": THERE}]


def test_a_secret_has_no_copy_by_default() -> None:
    assert "replicas" not in run().one("aws:secretsmanager/secret:Secret").inputs


def test_a_replica_is_used_by_its_address_in_this_region_and_nothing_is_made() -> None:
    recording = run(key_arn=THERE, replica_of=ORIGIN, region="us-west-2")
    assert recording.counts() == {"mlplatform:index:SigningSecret": 1}
    here = ORIGIN.replace("us-east-1", "us-west-2")
    assert recording.value["arn"] == here
    read, decrypt = recording.value["rights"]
    assert (read["Resource"], decrypt["Resource"]) == ([here], [THERE])


@pytest.mark.parametrize("change", [{}, {"region": "us-west-2", "replicas": []}])
def test_a_replica_without_its_region_or_with_replicas_of_its_own_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"region is .* with replica_of; allowed: a region, and no replicas"):
        run(replica_of=ORIGIN, **change)
