"""What was wrong with a request, field by field, from a validation error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from functions.shared.errors import ApiError, Detail

MOST_DETAILS = 20


def problem_of(error: ValidationError, given: str | bytes | Mapping[str, Any]) -> ApiError:
    """The answer for a body or query that does not fit; it names fields and what they take, never a value."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if any(row["type"] == "json_invalid" for row in found):
        return ApiError("invalid_json")
    values = given if isinstance(given, Mapping) else json.loads(given)
    by_field: dict[str, dict[str, str]] = {}
    for row in found:
        by_field.setdefault(place(row["loc"], values, missing=row["type"] == "missing"), {})[row["type"]] = row["msg"]
    details = [Detail(field, message(kinds)) for field, kinds in by_field.items()]
    return ApiError("invalid_request", details[:MOST_DETAILS])


def place(location: tuple[int | str, ...], values: Any, *, missing: bool) -> str:
    """Where a value lies, without the names of the types that were tried on it."""
    parts: list[str] = []
    for part in location:
        known = values if isinstance(values, dict) else dict(enumerate(values)) if isinstance(values, list) else {}
        if part not in known:
            # Either the field that is missing, or a type's name.
            parts += [str(part)] if missing else []
            break
        parts.append(str(part))
        values = known[part]
    return ".".join(parts) or "body"


def message(kinds: Mapping[str, str]) -> str:
    """One sentence for all that was tried on a value."""
    if "finite_number" in kinds:
        return "give a finite number"
    if "missing" in kinds:
        return "missing; give it a value"
    if "extra_forbidden" in kinds:
        return "unknown; leave it out"
    if len(kinds) > 1:
        return "give a number, a text of at most 1000 characters, or true or false"
    return next(iter(kinds.values()))[0].lower() + next(iter(kinds.values()))[1:]
