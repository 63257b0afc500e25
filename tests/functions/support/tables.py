"""The table of models in this process; it keeps the contract of the real one (tests/functions/test_models.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.shared.models import LIVE, ChangedError


class FakeModels:
    """Items by version."""

    def __init__(self, *items: Mapping[str, Any], live: str = "") -> None:
        self.items: dict[str, dict[str, Any]] = {str(item["version"]): dict(item) for item in items}
        if live:
            self.items[LIVE] = {"version": LIVE, "liveVersion": live}

    def get(self, version: str) -> dict[str, Any] | None:
        found = self.items.get(version)
        return dict(found) if found else None

    def live(self) -> dict[str, Any] | None:
        pointer = self.items.get(LIVE)
        return self.get(pointer["liveVersion"]) if pointer else None

    def of_package(self, arn: str) -> dict[str, Any] | None:
        return next((dict(item) for item in self.items.values() if item.get("modelPackageArn") == arn), None)

    def of_group(self, group: str) -> list[dict[str, Any]]:
        found = [item for item in self.items.values() if item.get("modelGroup") == group and "createdAt" in item]
        found.sort(key=lambda item: str(item["createdAt"]), reverse=True)
        return [{name: value for name, value in item.items() if name != "taskToken"} for item in found]

    def put(self, item: Mapping[str, Any], *, replaces: Mapping[str, Any] | None) -> None:
        known = self.items.get(str(item["version"]))
        if replaces is None:
            if known is not None:
                raise ChangedError
        elif known is None or any(known.get(name) != replaces.get(name, "") for name in ("status", "execution")):
            raise ChangedError
        self.items[str(item["version"])] = dict(item)

    def update(self, version: str, values: Mapping[str, Any], *, status: str | None = None) -> None:
        known = self.items.get(version)
        if known is None or (status is not None and known.get("status") != status):
            raise ChangedError
        known.update(values)

    def make_live(self, version: str, previous: str | None, model_data: str, at: str) -> None:
        if version not in self.items or (previous and previous not in self.items):
            raise ChangedError
        if previous and previous != version:
            self.items[previous]["status"] = "Archived"
        self.items[version].update(status="Live", liveSince=at, modelDataUrl=model_data)
        self.items[LIVE] = {"version": LIVE, "liveVersion": version, "updatedAt": at}
