"""Objects of a bucket with versions, as they were at an earlier time: the version of then becomes the current one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Restored:
    """What was done, by key."""

    restored: list[str] = field(default_factory=list)
    """Keys whose version of then is the current one again."""
    newer: list[str] = field(default_factory=list)
    """Keys that did not exist then; they are left."""
    untouched: int = 0
    """How many have not changed since."""
    failed: dict[str, str] = field(default_factory=dict)
    """Keys that could not be brought back, with S3's reason: its version may lie in an archive."""


def restore(s3: Any, bucket: str, prefix: str, at: datetime, *, dry_run: bool = False) -> Restored:
    """Copies each object's version of a time over what came after it, deletions included; no version is removed."""
    from botocore.exceptions import ClientError

    done = Restored()
    for key, versions in sorted(_versions(s3, bucket, prefix).items()):
        then = current(versions, at)
        if then is None:
            done.newer.append(key)
        elif then["IsLatest"] or "ETag" not in then:
            # It is the current one, or it was deleted at that time already.
            done.untouched += 1
        else:
            try:
                if not dry_run:
                    s3.copy({"Bucket": bucket, "Key": key, "VersionId": then["VersionId"]}, bucket, key)
            except ClientError as error:
                done.failed[key] = str(error)
            else:
                done.restored.append(key)
    return done


def current(versions: Iterable[Mapping[str, Any]], at: datetime) -> Mapping[str, Any] | None:
    """The version or delete marker that was current at a time; None when there was none yet."""
    older = [version for version in versions if version["LastModified"] <= at]
    # S3's times are whole seconds and its list begins with the newest: the first of the same second is the later one.
    return max(older, key=lambda version: version["LastModified"]) if older else None


def _versions(s3: Any, bucket: str, prefix: str) -> dict[str, list[Mapping[str, Any]]]:
    """Every version and delete marker by key, in S3's order, but the current one first."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for row in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            found[row["Key"]].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: not row["IsLatest"])
    return found
