"""The data lake: raw, processed, models and logs buckets, and rights that reach one prefix and its key."""

from __future__ import annotations

from components.data_lake.args import DataLakeArgs, LockMode
from components.data_lake.component import DataLake
from components.data_lake.documents import BucketName, LogService

__all__ = ["BucketName", "DataLake", "DataLakeArgs", "LockMode", "LogService"]
