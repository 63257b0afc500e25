"""The events of S3: what happened to which object, in the shape that S3 sends to EventBridge."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Mapping
from typing import Any

_ticks = itertools.count()

REASONS: Mapping[str, tuple[str, str]] = {
    "ObjectCreated:Put": ("Object Created", "PutObject"),
    "ObjectCreated:Post": ("Object Created", "POST Object"),
    "ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
    "ObjectRemoved:DeleteMarkerCreated": ("Object Deleted", "DeleteObject"),
    "ObjectRestore:Post": ("Object Restore Initiated", ""),
    "ObjectRestore:Completed": ("Object Restore Completed", ""),
    "ObjectRestore:Delete": ("Object Restore Expired", ""),
    "LifecycleTransition": ("Object Storage Class Changed", ""),
    "IntelligentTiering": ("Object Access Tier Changed", ""),
    "LifecycleExpiration:Delete": ("Object Deleted", "Lifecycle Expiration"),
    "LifecycleExpiration:DeleteMarkerCreated": ("Object Deleted", "Lifecycle Expiration"),
}
"""moto's name of a happening (without `s3:`) → detail type and reason.

Changes of ACL and tags are left out: moto reports both with every PutObject, S3 only when they change.
"""


def sequencer() -> str:
    """A value that grows with every event, as S3 gives to order the events of one key."""
    return f"{time.time_ns():016X}{next(_ticks) & 0xFFFF:04X}"


def happening(name: str) -> tuple[str, str]:
    """Detail type and reason of one of moto's notification names.

    Raises:
        KeyError: when S3 sends no such event to EventBridge.
    """
    return REASONS[name.removeprefix("s3:")]


def detail(name: str, *, bucket: Any, key: Any, account: str) -> dict[str, Any]:
    """The `detail` of an event about one object.

    Args:
        name: moto's name of what happened (`s3:ObjectCreated:Put`).
        bucket: moto's bucket.
        key: moto's object.
        account: who asked.
    """
    kind, reason = happening(name)
    described: dict[str, Any] = {"key": key.name}
    if kind != "Object Deleted":
        described["size"] = key.size
        described["etag"] = str(key.etag).strip('"')
    if bucket.is_versioned:
        described["version-id"] = key.version_id
    described["sequencer"] = sequencer()
    result: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": described,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": account,
    }
    if reason:
        result["source-ip-address"] = "127.0.0.1"
        result["reason"] = reason
    if kind == "Object Deleted":
        marker = name.endswith("DeleteMarkerCreated")
        result["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    return result
