"""A stack's settings: read from its configuration, checked whole, every problem told at once."""

from __future__ import annotations

from components.settings.artifacts import Artifacts, digest
from components.settings.load import load
from components.settings.reading import SettingsError
from components.settings.sections import Settings

__all__ = ["Artifacts", "Settings", "SettingsError", "digest", "load"]
