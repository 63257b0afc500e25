"""The failures that can be drilled, one module a kind."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.drill.kinds.function import Function
from sandbox.drill.kinds.kind import Kind

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (Function(),)}
"""By the word on the command line."""
