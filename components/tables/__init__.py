"""Tables in DynamoDB, one a noun of the platform; rights reach one table or index."""

from __future__ import annotations

from components.tables.accelerator import TableAccelerator, TableAcceleratorArgs
from components.tables.component import Replica, ReplicaRegion, Tables, TablesArgs
from components.tables.plan import TableName

__all__ = ["Replica", "ReplicaRegion", "TableAccelerator", "TableAcceleratorArgs", "TableName", "Tables", "TablesArgs"]
