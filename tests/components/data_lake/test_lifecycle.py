"""How long objects stay, on record: every rule of every bucket, as it is declared."""

from __future__ import annotations

from typing import Any

import pytest

from artifacts.reference import FOLDER
from components.data_lake.documents import BUCKETS, BucketName
from components.data_lake.lifecycle import ARCHIVE_TIERS, STORAGE_TYPES, lifecycle
from components.data_lake.reference import page
from functions.shared.places import LAYOUT

DAYS = {"infrequent_access": 31, "glacier": 91, "logs": 46, "batches": 35, "old_versions": 8}
LEFTOVERS = {
    "id": "abandoned",
    "status": "Enabled",
    "filter": {"prefix": ""},
    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
    "noncurrent_version_expiration": {"noncurrent_days": 8},
    "expiration": {"expired_object_delete_marker": True},
}


def rule(name: str, prefix: str = "", **actions: Any) -> dict[str, Any]:
    return {"id": name, "status": "Enabled", "filter": {"prefix": prefix}, **actions}


EXPECTED: dict[str, list[dict[str, Any]]] = {
    "raw": [LEFTOVERS, rule("age", transitions=[{"days": 91, "storage_class": "GLACIER_IR"}])],
    "processed": [
        LEFTOVERS,
        rule("age", transitions=[{"days": 31, "storage_class": "STANDARD_IA"}]),
        rule("batches", "results/batch/", expiration={"days": 35}),
    ],
    "models": [
        LEFTOVERS,
        rule("age", transitions=[{"days": 31, "storage_class": "INTELLIGENT_TIERING"}]),
        rule("archive", "archive/", transitions=[{"days": 0, "storage_class": "INTELLIGENT_TIERING"}]),
        rule("checkpoints", "training/checkpoints/", expiration={"days": 30}),
    ],
    "logs": [LEFTOVERS, rule("age", expiration={"days": 46})],
}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_rules_are_those_on_record(bucket: BucketName) -> None:
    assert lifecycle(bucket, DAYS) == EXPECTED[bucket]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_s3_takes_the_rules(bucket: BucketName) -> None:
    rules = lifecycle(bucket, DAYS)
    assert len({row["id"] for row in rules}) == len(rules)
    for row in rules:
        # S3 refuses a rule that expires both by age and by its delete marker.
        assert set(row.get("expiration", {})) in ({"days"}, {"expired_object_delete_marker"}, set())
        assert row["filter"]["prefix"] in ("", *LAYOUT[bucket])
        infrequent = [move for move in row.get("transitions", []) if move["storage_class"] == "STANDARD_IA"]
        assert all(move["days"] >= 30 for move in infrequent)


def test_every_class_that_a_rule_leads_to_is_measured() -> None:
    words = {"GLACIER_IR": "GlacierInstantRetrieval", "STANDARD_IA": "StandardIA", "INTELLIGENT_TIERING": "Intelligent"}
    for bucket in BUCKETS:
        moves = {move["storage_class"] for row in lifecycle(bucket, DAYS) for move in row.get("transitions", [])}
        for storage_class in moves:
            assert [kind for kind in STORAGE_TYPES[bucket] if kind.startswith(words[storage_class])]
        assert STORAGE_TYPES[bucket][0] == "StandardStorage"


def test_archive_tiers_keep_the_times_that_s3_allows() -> None:
    least = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
    assert [row["access_tier"] for row in ARCHIVE_TIERS] == list(least)
    assert all(least[row["access_tier"]] <= row["days"] <= 730 for row in ARCHIVE_TIERS)


def test_the_page_of_places_is_current() -> None:
    assert (FOLDER / "data-lake.md").read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_the_page_has_every_place(bucket: BucketName) -> None:
    assert all(f"| `{bucket}/{prefix}` | {what} |" in page() for prefix, what in LAYOUT[bucket].items())
