"""Values on their way between a state machine and an AWS call, by the shapes of botocore."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape


def to_request(value: Any, shape: Shape | None) -> Any:
    """Parameters as boto3 takes them.

    State machines write every name with a capital letter; some services have small ones. Whole numbers that JSON made
    fractions become whole again, an object where text is wanted becomes its JSON.
    """
    if shape is None or value is None:
        return value
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        if getattr(shape, "is_document_type", False):
            return value
        members = {name.lower(): name for name in shape.members}
        result = {}
        for key, item in value.items():
            name = members.get(str(key).lower())
            result[name or key] = to_request(item, shape.members[name]) if name else item
        return result
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_request(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {str(key): to_request(item, shape.value) for key, item in value.items()}
    return _scalar_to_request(value, shape)


def _scalar_to_request(value: Any, shape: Shape) -> Any:
    kind = shape.type_name
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value)
    if kind == "blob" and not isinstance(value, bytes):
        return (value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))).encode()
    if kind in {"integer", "long"} and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def from_response(value: Any, shape: Shape | None = None) -> Any:
    """An answer as a state machine sees it: names with a capital letter, times as ISO text, bodies as text.

    Keys of maps (metadata, tags, DynamoDB items) are data and stay as they are.
    """
    if isinstance(value, Mapping):
        if isinstance(shape, StructureShape):
            return {
                (key[:1].upper() + key[1:]) if key in shape.members else key: from_response(
                    item, shape.members.get(key)
                )
                for key, item in value.items()
            }
        inner = shape.value if isinstance(shape, MapShape) else None
        return {str(key): from_response(item, inner) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        member = shape.member if isinstance(shape, ListShape) else None
        return [from_response(item, member) for item in value]
    return _scalar_from_response(value)


def _scalar_from_response(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode(errors="replace")
    return value
