"""Values as they cross the seam: the engine's wire format becomes plain data, and plain data becomes wire format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Marks of Pulumi's wire format (sdk/go/common/resource/properties.go), the same in every language.
SIGNATURE = "4dabf18193072939515e22adb298388d"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_WRAPPED = {"1b47061264138c4ac30d75fd1eb44270", "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def plain(struct: Any) -> dict[str, Any]:
    """A protobuf Struct as a dict: whole numbers whole, secrets unwrapped, resources as ids, absent values left out.

    Assets and archives become `{"path": …}`, `{"text": …}`, `{"uri": …}` or `{"assets": {…}}`.
    """
    fields = {key: _value(value) for key, value in struct.fields.items()}
    return {key: value for key, value in fields.items() if value is not None}


def wire(struct: Any, values: Mapping[str, Any]) -> Any:
    """Adds plain values to a protobuf Struct and gives it back; what is None stays absent."""
    struct.update({key: value for key, value in values.items() if value is not None})
    return struct


def whole(value: Any) -> Any:
    """Plain data with each number that has no fraction as int: the wire knows only floats, AWS refuses 3.0 for 3."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return value


def _value(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _struct(value.struct_value)
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return whole(value.number_value)
    if kind == "string_value":
        if value.string_value == _UNKNOWN:
            raise ValueError("a value is unknown though everything it depends on exists; no Output may stay unresolved")
        return value.string_value
    if kind == "bool_value":
        return value.bool_value
    return None


def _struct(struct: Any) -> Any:
    fields = struct.fields
    if SIGNATURE not in fields:
        return plain(struct)
    signature = fields[SIGNATURE].string_value
    if signature in _WRAPPED:
        return _value(fields["value"])
    if signature == _RESOURCE:
        return _value(fields["id"]) if "id" in fields else _value(fields["urn"])
    return {key: _value(item) for key, item in fields.items() if key != SIGNATURE}
