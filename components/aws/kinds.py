"""What `kinds.json` tells of the provider's types and functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

TABLE: Final = Path(__file__).with_name("kinds.json")
"""One line a type or function that the program uses; `python -m components.aws.describe` writes it."""

MAP: Final = "map"
"""Marks a field whose keys are the user's own, such as tags: they are sent as they stand."""

Fields = Mapping[str, Any]
"""Fields that hold structures, by name: the `Fields` of each, or MAP."""


@dataclass(frozen=True)
class Kind:
    """A type of the provider, as its own class would register it. Names are in snake_case."""

    token: str
    """Such as `aws:s3/bucket:Bucket`."""
    inputs: Sequence[str]
    """All that may be given."""
    required: Sequence[str] = ()
    """Those that must be."""
    outputs: Sequence[str] = ()
    """What the provider always answers, whether it was given or not."""
    nested: Sequence[str] = ()
    """Those of the outputs that hold structures."""
    structures: Fields | None = None
    """Inputs that hold structures."""
    secrets: Sequence[str] = ()
    """Inputs that are kept encrypted in the state."""
    secret_outputs: Sequence[str] = ()
    """Properties that are, in camelCase."""
    aliases: Sequence[str] = ()
    """Tokens that the type had before."""


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """All rows by service and name, such as `s3.Bucket`."""
    found: dict[str, dict[str, Any]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


def camel(name: str) -> str:
    """`kms_key_id` → `kmsKeyId`."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
