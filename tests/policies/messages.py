"""What the engine sends to a policy pack in a preview, made of what the program registers in one."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pulumi.output import Unknown
from pulumi.runtime import proto

from components.aws.kinds import camel, table
from policies.rules.operations import TAGGABLE
from tests.components.recorder import Recorded
from tests.policies.rows import UNKNOWN

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"

struct_pb2 = importlib.import_module("google.protobuf.struct_pb2")  # has no type information


def struct(values: Mapping[str, Any]) -> Any:
    """A message of plain data."""
    found = struct_pb2.Struct()
    found.update(dict(values))
    return found


def previewed(resources: Sequence[Recorded]) -> list[Any]:
    """Every resource as the engine tells of it when all are known: what the provider plans, with the engine's marks."""
    by_urn = {row.urn: row for row in resources}
    return [
        proto.AnalyzerResource(
            properties=struct({**dict.fromkeys(_answers(row), UNKNOWN), **_sent(row, by_urn)}),
            parent=row.parent,
            dependencies=sorted(row.dependencies),
            propertyDependencies={
                name: proto.AnalyzerPropertyDependencies(urns=sorted(urns)) for name, urns in row.references.items()
            },
            **_about(row, by_urn),
        )
        for row in resources
    ]


def registered(resources: Sequence[Recorded]) -> Iterator[Any]:
    """Every resource as the engine tells of it before it is planned: its inputs, with the marks of their defaults."""
    by_urn = {row.urn: row for row in resources}
    for row in resources:
        inputs = {**_sent(row, by_urn), "__defaults": []}
        yield proto.AnalyzeRequest(properties=struct(inputs), **_about(row, by_urn))


def _about(row: Recorded, by_urn: Mapping[str, Recorded]) -> dict[str, Any]:
    """What both messages tell besides the properties."""
    provider = by_urn.get(row.provider)
    return {
        "type": row.type,
        "urn": row.urn,
        "name": row.name,
        "options": proto.AnalyzerResourceOptions(
            protect=row.protect,
            ignoreChanges=list(row.ignore_changes),
            deleteBeforeReplace=row.delete_before_replace,
            parent=row.parent,
        ),
        "provider": proto.AnalyzerProviderResource(
            type=provider.type,
            urn=provider.urn,
            name=provider.name,
            properties=struct(_sent(provider, by_urn)),
        )
        if provider
        else None,
    }


def _sent(row: Recorded, by_urn: Mapping[str, Recorded]) -> dict[str, Any]:
    """Inputs as they travel; the provider has added its default tags when a policy sees them."""
    values = {name: _wire(value, secret=name in row.secrets) for name, value in row.inputs.items()}
    if row.type in TAGGABLE and row.provider:
        defaults = json.loads(by_urn[row.provider].inputs["defaultTags"])["tags"]
        values["tags"] = {**defaults, **values.get("tags", {})}
    return values


def _wire(value: Any, *, secret: bool = False) -> Any:
    """A value with the engine's marks for secrets, archives and what is not known."""
    if secret:
        return {SIGNATURE: SECRET, "value": _wire(value)}
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        if set(value) == {"path"}:
            return {SIGNATURE: ARCHIVE, "path": value["path"], "hash": "0" * 64}
        return {key: _wire(inner) for key, inner in value.items()}
    return [_wire(inner) for inner in value] if isinstance(value, list) else value


@cache
def _kinds() -> dict[str, list[str]]:
    return {row["token"]: [camel(name) for name in row["outputs"]] for row in table().values() if "outputs" in row}


def _answers(row: Recorded) -> list[str]:
    """What only AWS tells of a resource."""
    return ["id", *_kinds().get(row.type, ())] if row.custom else []
