"""The failures that can be drilled, one module a kind."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.drill.kinds.az import Az
from sandbox.drill.kinds.database import Database
from sandbox.drill.kinds.fail_back import FailBack
from sandbox.drill.kinds.function import Function
from sandbox.drill.kinds.kind import Kind
from sandbox.drill.kinds.lake import Lake
from sandbox.drill.kinds.region import Region
from sandbox.drill.kinds.table import Table

_ALL: tuple[Kind, ...] = (Az(), Database(), FailBack(), Function(), Lake(), Region(), Table())
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""By the word on the command line."""
