"""One service: its types and functions by name."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

from components.aws.kinds import Kind, table
from components.aws.resource import asked, light


class Service:
    """Gives light classes where the table has a row, and what the provider's package has for any other name."""

    def __init__(self, name: str) -> None:
        self._service = name

    def __getattr__(self, name: str) -> Any:
        """A type such as `Bucket`, or a function such as `get_random_password_output`."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._light(name)
        if found is None:
            # Slower by the whole module of the service, and otherwise the same.
            found = getattr(importlib.import_module(f"pulumi_aws.{self._service}"), name)
        setattr(self, name, found)
        return found

    def _light(self, name: str) -> Any:
        row = table().get(f"{self._service}.{name}")
        if row is None:
            return None
        if "values" in row:
            return SimpleNamespace(**row["values"])
        return light(name, Kind(**row)) if "inputs" in row else asked(row["token"])
