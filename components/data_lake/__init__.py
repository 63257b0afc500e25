"""The data lake: raw, processed, models and logs buckets, and rights that reach one prefix and its key."""

from __future__ import annotations

from components.data_lake.component import DataLake, DataLakeArgs
from components.data_lake.documents import BucketName

__all__ = ["BucketName", "DataLake", "DataLakeArgs"]
