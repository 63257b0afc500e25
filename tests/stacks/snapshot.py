"""Every input of every resource of a stack as text: a line an input, the same text for the same stack."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from tests.components.recorder import Recorded, Recording

LONGEST = 6_000
"""Characters of a value; a longer one, such as the API's document, stands as its digest."""
COMPUTED = "<computed>"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi sends for a text that only AWS knows."""


def lines(recording: Recording, directory: str = "") -> list[str]:
    """A heading for each resource and a line for each of its inputs and options, in a fixed order.

    `directory` is the folder of the built files, which stands as `dist`.
    """
    found = []
    for resource in sorted(recording.resources, key=lambda one: (one.type, one.name, one.urn)):
        found.append(f"{resource.type} {resource.name}")
        found += [f"  {line}".replace(directory, "dist") if directory else f"  {line}" for line in inputs(resource)]
    return found


def inputs(resource: Recorded) -> Iterator[str]:
    """The lines of one resource."""
    for key in sorted(resource.inputs):
        yield f"{key} = {'[secret]' if key in resource.secrets else shown(resource.inputs[key])}"
    for option in ("protect", "retain_on_delete", "delete_before_replace"):
        if getattr(resource, option):
            yield f"({option})"
    if resource.ignore_changes:
        yield f"(ignore_changes {', '.join(sorted(resource.ignore_changes))})"


def shown(value: Any) -> str:
    """A value on one line; a JSON document is written anew, so that only what it says counts."""
    text = _compact(_plain(value))
    if len(text) <= LONGEST:
        return text
    return f"<{len(text)} characters, sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}>"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return COMPUTED if value == _UNKNOWN else _document(value)
    return value if value is None or isinstance(value, bool | int | float) else COMPUTED


def _document(text: str) -> Any:
    if not text.startswith(("{", "[")):
        return text
    try:
        return {"json": json.loads(text)}
    except ValueError:
        return text


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
