"""Typed clients of the API, generated from its document: Python and TypeScript, byte for byte the same each time."""

from __future__ import annotations

from artifacts.clients.build import parts

__all__ = ["parts"]
