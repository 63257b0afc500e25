"""Accounts that another region has closed: who hears of them, by which rights, and who is told when it takes long."""

from __future__ import annotations

from typing import Any

from components.secure_api import SecureApi
from sandbox.sources.streams import matches
from tests.components.recorder import ACCOUNT, REGION, Recording, record
from tests.components.secure_api.test_component import args, rights

STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mlplatform-dev-users/stream/2026-01-01T00:00:00.000"
QUEUE, KEY = f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/notifications"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"


def run(**more: Any) -> Recording:
    def program() -> Any:
        api = SecureApi("api", args(**more))
        return {
            "alarms": {alarm.name: (alarm.threshold, alarm.runbook) for alarm in api.alarms()},
            "widgets": [row.title for row in api.widgets()],
        }

    return record(program)


def two_regions() -> Recording:
    return run(closures={"stream_arn": STREAM, "lost_events_arn": QUEUE, "lost_events_key_arn": KEY})


def test_the_function_of_users_hears_of_what_is_closed_and_of_nothing_else() -> None:
    recording = two_regions()
    mapping = recording.one(MAPPING)
    assert mapping.inputs["eventSourceArn"] == STREAM
    assert mapping.inputs["functionName"].endswith("function:mlplatform-dev-users:live")
    assert mapping.inputs["startingPosition"] == "TRIM_HORIZON"
    assert mapping.inputs["batchSize"] == 1
    assert mapping.inputs["maximumRecordAgeInSeconds"] == 86_400
    assert mapping.inputs["destinationConfig"] == {"onFailure": {"destinationArn": QUEUE}}
    assert recording.one("aws:iam/rolePolicy:RolePolicy", "api-users-rights").urn in mapping.dependencies
    (row,) = mapping.inputs["filterCriteria"]["filters"]
    images: dict[str, dict[str, Any]] = {
        "signed in": {"lastSignInAt": {"S": "2026"}},
        "asked to close": {"deletedAt": {"S": "2026"}},
        "closed": {"deletedAt": {"S": "2026"}, "closedAt": {"S": "2026"}},
    }
    found = {name for name, image in images.items() if matches(row["pattern"], {"dynamodb": {"NewImage": image}})}
    assert found == {"asked to close", "closed"}


def test_it_may_read_the_stream_and_leave_what_it_could_not_follow() -> None:
    found = rights(two_regions(), "api-users-rights")
    assert found["HearChanges"]["Resource"] == [STREAM]
    assert found["KeepLostChanges"]["Resource"] == [QUEUE]
    assert found["EncryptLostChanges"]["Resource"] == [KEY]
    assert (found["ListStreams"]["Action"], found["ListStreams"]["Resource"]) == (["dynamodb:ListStreams"], ["*"])


def test_a_closing_that_waits_is_heard_of_and_seen() -> None:
    value = two_regions().value
    assert value["alarms"]["closures-behind"] == (30 * 60_000, "closures-behind")
    assert "Closed accounts: age of the closing that is followed" in value["widgets"]


def test_a_stack_of_one_region_hears_of_nothing() -> None:
    recording = run()
    assert recording.of_type(MAPPING) == []
    assert "HearChanges" not in rights(recording, "api-users-rights")
    assert "closures-behind" not in recording.value["alarms"]
