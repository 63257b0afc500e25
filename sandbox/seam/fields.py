"""From a declared resource to the parameters of an AWS operation, by the names in the service's model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_SUFFIXES = (
    "arn",
    "arns",
    "id",
    "ids",
    "name",
    "names",
    "config",
    "configuration",
    "specification",
    "identifier",
    "identifiers",
)
_PAIRS = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"), ("Name", "Value"), ("name", "value"))


def parameters(
    shape: Any,
    inputs: Mapping[str, Any],
    *,
    rename: Mapping[str, str] | None = None,
    noun: str = "",
) -> tuple[dict[str, Any], list[str]]:
    """Parameters for a botocore input shape, and the dotted paths of inputs that found no place in it.

    `rename` gives the member for an input where the rules do not find it, by dotted paths on both sides
    (`{"kmsKeyArn": "KmsKeyId", "rules.id": "ID"}`). `noun` is what the operation makes (`Table` of `CreateTable`).
    """
    mapper = _Mapper(rename or {}, noun.lower())
    return mapper.structure(shape, inputs, ""), mapper.left


def noun_of(operation: str) -> str:
    """`Bucket` of `CreateBucket`."""
    for verb in (
        "Create",
        "Put",
        "Register",
        "Update",
        "Run",
        "Allocate",
        "Attach",
        "Associate",
        "Authorize",
        "Add",
        "Set",
    ):
        if operation.startswith(verb):
            return operation.removeprefix(verb)
    return operation


class _Mapper:
    def __init__(self, rename: Mapping[str, str], noun: str) -> None:
        self.left: list[str] = []
        self._rename = rename
        self._noun = noun

    def structure(self, shape: Any, inputs: Mapping[str, Any], path: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in inputs.items():
            if value is None:
                continue
            here = f"{path}.{key}" if path else key
            target = self._target(shape, key, here, top=not path)
            if target is None:
                self.left.append(here)
                continue
            place, member = result, shape
            for outer in target[:-1]:
                place = place.setdefault(outer, {})
                member = member.members[outer]
            place[target[-1]] = self.value(member.members[target[-1]], value, here)
        return result

    def value(self, shape: Any, value: Any, path: str) -> Any:
        kind = shape.type_name
        if kind == "structure":
            return self._as_structure(shape, value, path)
        if kind == "list":
            return self._as_list(shape, value, path)
        if kind == "map" and isinstance(value, Mapping):
            return {str(key): self.value(shape.value, item, path) for key, item in value.items() if item is not None}
        return scalar(kind, value)

    def _as_structure(self, shape: Any, value: Any, path: str) -> Any:
        if isinstance(value, list):
            if {"Quantity", "Items"} <= set(shape.members):
                return {"Quantity": len(value), "Items": self.value(shape.members["Items"], value, path)}
            # The provider writes a block that occurs once as a list of one.
            value = value[0] if value else {}
        if isinstance(value, Mapping):
            return self.structure(shape, value, path)
        raise ValueError(f"{path}: {value!r} stands where a group of {', '.join(shape.members)} belongs")

    def _as_list(self, shape: Any, value: Any, path: str) -> list[Any]:
        if isinstance(value, Mapping) and shape.member.type_name == "structure":
            members = set(shape.member.members)
            for name, content in _PAIRS:
                if {name, content} == members:
                    return [{name: str(key), content: scalar("string", item)} for key, item in sorted(value.items())]
        items = value if isinstance(value, list) else [value]
        return [self.value(shape.member, item, path) for item in items if item is not None]

    def _target(self, shape: Any, key: str, path: str, *, top: bool) -> tuple[str, ...] | None:
        """The path of the member that takes an input."""
        if path in self._rename:
            return tuple(self._rename[path].split("."))
        names = {_flat(name): name for name in shape.members}
        found = _find(names, _flat(key), self._noun if top else "")
        if found:
            return (found,)
        # One wrapper, such as CreateBucketConfiguration, may hold it.
        inner = [
            (outer, hit)
            for outer, member in shape.members.items()
            if top and member.type_name == "structure"
            for hit in [_find({_flat(name): name for name in member.members}, _flat(key), "")]
            if hit
        ]
        return inner[0] if len(inner) == 1 else None


def scalar(kind: str, value: Any) -> Any:
    """A scalar as the shape's type wants it: structures become JSON text, numbers and truth values their kind."""
    if kind in {"integer", "long"}:
        return int(value)
    if kind in {"float", "double"}:
        return float(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind == "blob":
        return value.encode() if isinstance(value, str) else value
    if kind == "string" and not isinstance(value, str):
        return ("true" if value else "false") if isinstance(value, bool) else json.dumps(value, sort_keys=True)
    return value


def _flat(name: str) -> str:
    return name.replace("_", "").lower()


def _find(names: Mapping[str, str], key: str, noun: str) -> str | None:
    """The member for a key: the same word, its plural or singular, with the noun before it or another suffix."""
    candidates = [key, f"{key}s", key.removesuffix("s"), f"{key.removesuffix('y')}ies"]
    if noun:
        candidates += [noun + key, key.removeprefix(noun)]
    candidates += [key + suffix for suffix in _SUFFIXES]
    candidates += [key.removesuffix(suffix) for suffix in _SUFFIXES if key.endswith(suffix)]
    return next((names[candidate] for candidate in candidates if candidate in names), None)
