"""Calls of AWS as they happen: read, judged, recorded, refused."""

from __future__ import annotations

from sandbox.rights.calls.runtime import Rights

__all__ = ["Rights"]
