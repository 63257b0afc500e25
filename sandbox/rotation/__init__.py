"""Secrets Manager's rotation: the declared function is called for the four steps, as AWS calls it."""

from __future__ import annotations

from sandbox.rotation.runtime import Rotations

__all__ = ["Rotations"]
