"""The failures that can be drilled, one module a kind."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.drill.kinds.az import Az
from sandbox.drill.kinds.database import Database
from sandbox.drill.kinds.function import Function
from sandbox.drill.kinds.kind import Kind
from sandbox.drill.kinds.region import Region
from sandbox.drill.kinds.table import Table

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (Az(), Database(), Function(), Region(), Table())}
"""By the word on the command line."""
