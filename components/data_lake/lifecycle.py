"""How long the lake's objects stay, and in which class: rules of each bucket as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.data_lake.documents import BucketName
from functions.shared.places import ARCHIVE, BATCH_RESULTS, CHECKPOINTS

INFREQUENT_ACCESS: Final = "infrequent_access"
GLACIER: Final = "glacier"
LOGS: Final = "logs"
BATCHES: Final = "batches"
OLD_VERSIONS: Final = "old_versions"

_ABANDONED_UPLOAD_DAYS: Final = 7
_CHECKPOINT_DAYS: Final = 30
_WHOLE: Final[Mapping[str, str]] = {"prefix": ""}

ARCHIVE_TIERS: Final[tuple[dict[str, Any], ...]] = (
    {"access_tier": "ARCHIVE_ACCESS", "days": 90},
    {"access_tier": "DEEP_ARCHIVE_ACCESS", "days": 180},
)
"""Where Intelligent-Tiering moves models that nobody reads; they take hours to come back, so only below `archive/`."""

STORAGE_TYPES: Final[Mapping[BucketName, tuple[str, ...]]] = {
    "raw": ("StandardStorage", "GlacierInstantRetrievalStorage"),
    "processed": ("StandardStorage", "StandardIAStorage"),
    "models": (
        "StandardStorage",
        *(f"IntelligentTiering{tier}Storage" for tier in ("FA", "IA", "AIA", "AA", "DAA")),
    ),
    "logs": ("StandardStorage",),
}
"""What CloudWatch calls the classes that the rules below lead to."""


def lifecycle(bucket: BucketName, days: Mapping[str, int]) -> list[dict[str, Any]]:
    """The rules of one bucket; `days` holds infrequent_access, glacier, logs, batches and old_versions."""
    return [_rule("abandoned", **_leftovers(days[OLD_VERSIONS])), *_ages(bucket, days)]


def _leftovers(old_version_days: int) -> dict[str, Any]:
    """What nobody can see and everybody pays for: parts of broken uploads, old versions, marks of what is gone."""
    return {
        "abort_incomplete_multipart_upload": {"days_after_initiation": _ABANDONED_UPLOAD_DAYS},
        "noncurrent_version_expiration": {"noncurrent_days": old_version_days},
        "expiration": {"expired_object_delete_marker": True},
    }


def _ages(bucket: BucketName, days: Mapping[str, int]) -> list[dict[str, Any]]:
    if bucket == "raw":
        # Instant Retrieval: the schedule trains on the newest upload, however old it is, and a file in the other
        # Glacier classes cannot be read before somebody restores it.
        return [_rule("age", transitions=[{"days": days[GLACIER], "storage_class": "GLACIER_IR"}])]
    if bucket == "processed":
        return [
            _rule("age", transitions=[{"days": days[INFREQUENT_ACCESS], "storage_class": "STANDARD_IA"}]),
            # The record of a batch ends then too.
            _rule("batches", BATCH_RESULTS, expiration={"days": days[BATCHES]}),
        ]
    if bucket == "models":
        tiering = {"days": days[INFREQUENT_ACCESS], "storage_class": "INTELLIGENT_TIERING"}
        return [
            _rule("age", transitions=[tiering]),
            _rule("archive", ARCHIVE, transitions=[{"days": 0, "storage_class": "INTELLIGENT_TIERING"}]),
            _rule("checkpoints", CHECKPOINTS, expiration={"days": _CHECKPOINT_DAYS}),
        ]
    return [_rule("age", expiration={"days": days[LOGS]})]


def _rule(name: str, prefix: str = "", **actions: Any) -> dict[str, Any]:
    return {"id": name, "status": "Enabled", "filter": {**_WHOLE, "prefix": prefix}, **actions}
