"""Tables in two regions: copies that are declared by the first one and used by the second one."""

from __future__ import annotations

from typing import Any

import pytest

from components.tables import Tables
from tests.components.recorder import ACCOUNT, REGION, Recording, record

WEST = "us-west-2"
TABLE = "aws:dynamodb/table:Table"
HERE = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/data"
THERE = f"arn:aws:kms:{WEST}:{ACCOUNT}:key/data"


def arguments(**more: Any) -> Any:
    replicas = [{"region": WEST, "key_arn": THERE}]
    return {"name_prefix": "mlplatform-prod", "key_arn": HERE, "replicas": replicas, **more}


def both(**more: Any) -> Recording:
    def program() -> Any:
        first = Tables("tables", arguments(**more))
        second = Tables(
            "standby", {"name_prefix": "mlplatform-prod", "key_arn": THERE, "replica_of": first.in_region(WEST)}
        )
        return {
            "name": second.table_name("models"),
            "arn": second.table_arn("models"),
            "stream": second.stream_arn("models"),
            "first_stream": first.stream_arn("models"),
            "rights": second.may_write("models"),
        }

    return record(program)


def test_a_replica_has_the_other_regions_key_restores_and_is_protected() -> None:
    for made in both().of_type(TABLE):
        (replica,) = made.inputs["replicas"]
        assert replica == {
            "regionName": WEST,
            "kmsKeyArn": THERE,
            "pointInTimeRecovery": True,
            "propagateTags": True,
            "deletionProtectionEnabled": True,
        }
        assert made.inputs["streamViewType"] == "NEW_AND_OLD_IMAGES"


def test_the_second_region_makes_no_table_and_knows_those_that_are_there() -> None:
    recording = both()
    assert {made.name.split("-")[0] for made in recording.of_type(TABLE)} == {"tables"}
    arn = f"arn:aws:dynamodb:{WEST}:{ACCOUNT}:table/mlplatform-prod-models"
    assert (recording.value["name"], recording.value["arn"]) == ("mlplatform-prod-models", arn)
    assert recording.value["stream"].startswith(f"{arn}/stream/")
    assert recording.value["first_stream"].startswith(f"arn:aws:dynamodb:{REGION}:")


def test_rights_in_the_second_region_reach_its_copies_and_its_key() -> None:
    write, key = both().value["rights"]
    assert write["Resource"] == [f"arn:aws:dynamodb:{WEST}:{ACCOUNT}:table/mlplatform-prod-models"]
    assert key["Resource"] == [THERE]


def test_the_second_region_watches_its_copies() -> None:
    def program() -> Any:
        found = Tables("tables", arguments()).in_region(WEST)
        second = Tables("standby", {"name_prefix": "p", "key_arn": THERE, "replica_of": found})
        return {"alarms": [alarm.name for alarm in second.alarms()], "widgets": len(second.widgets())}

    found = record(program).value
    assert found["alarms"][0] == "users-table-throttles"
    assert (len(found["alarms"]), found["widgets"]) == (7, 7)


def test_a_disposable_replica_is_not_protected() -> None:
    (made, *_) = both(protect=False).of_type(TABLE)
    assert made.inputs["replicas"][0]["deletionProtectionEnabled"] is False


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"replicas": [{"region": WEST, "key_arn": THERE}] * 2}, "us-west-2, us-west-2; allowed: each region once"),
        ({"replica_of": {}}, "replica_of lacks users, sessions, models, predictions, batches, counters, requests"),
        ({"replica_of": {}}, "replicas is given with replica_of; allowed: one of the two"),
    ],
    ids=["twice", "missing", "both"],
)
def test_copies_that_cannot_be_are_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        record(lambda: Tables("tables", arguments(**more)).table_name("users"))


def test_a_region_without_copies_is_told_with_those_that_have_some() -> None:
    with pytest.raises(ValueError, match="no replicas in 'eu-west-1'; allowed: us-west-2; add the region to replicas"):
        record(lambda: Tables("tables", arguments()).in_region("eu-west-1")["users"]["arn"])
