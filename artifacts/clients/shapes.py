"""The API's document as a client's writer needs it: named types, and operations with their parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

JSON = "application/json"
PREFIX = "/v1"
"""Left out of a client's paths: the address that a stack exports ends with it."""


@dataclass(frozen=True)
class Parameter:
    """One path, query or header parameter."""

    name: str
    """As it is sent."""
    place: str
    """path, query or header."""
    schema: Mapping[str, Any]
    description: str = ""

    @property
    def snake(self) -> str:
        """Its name in Python."""
        return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", self.name).lower())

    @property
    def camel(self) -> str:
        """Its name in TypeScript."""
        return camel(self.snake)


@dataclass(frozen=True)
class Operation:
    """One method of a client."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: Mapping[str, Any] | None
    """Schema of the request's body."""
    body_needed: bool
    answer: Mapping[str, Any] | None
    """Schema of the answer; None where it has no body."""
    secured: bool
    codes: tuple[str, ...]
    """Codes of the errors that it can give."""
    deprecated: bool = False
    """Whether it goes away; its description says when."""

    @property
    def camel(self) -> str:
        """Its name in TypeScript."""
        return camel(self.name)

    @property
    def once(self) -> bool:
        """Whether the API does it once for each Idempotency-Key."""
        return any(parameter.name == "Idempotency-Key" for parameter in self.parameters)

    def of(self, place: str) -> list[Parameter]:
        """Its parameters of one place."""
        return [parameter for parameter in self.parameters if parameter.place == place]


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation with a JSON answer, or none, in the document's order."""
    found = []
    for path, methods in document["paths"].items():
        for method, row in methods.items():
            made = operation(path, method, row)
            if made is not None:
                found.append(made)
    return found


def operation(path: str, method: str, row: Mapping[str, Any]) -> Operation | None:
    """One operation; None where it answers something else than JSON, such as a page."""
    # What is announced and not there yet has no good answer.
    good: Mapping[str, Any] = next(
        (answer for status, answer in row["responses"].items() if status.startswith("2")), {}
    )
    content = good.get("content", {})
    if content and JSON not in content:
        return None
    request = row.get("requestBody", {})
    told = " ".join(answer["description"] for status, answer in row["responses"].items() if status >= "400")
    return Operation(
        name=row["operationId"],
        method=method.upper(),
        path=path.removeprefix(PREFIX),
        summary=row["summary"],
        description=row.get("description", ""),
        parameters=tuple(
            Parameter(each["name"], each["in"], each["schema"], each.get("description", ""))
            for each in row.get("parameters", ())
        ),
        body=request["content"][JSON]["schema"] if request else None,
        body_needed=bool(request.get("required")),
        answer=content[JSON]["schema"] if content else None,
        secured=bool(row.get("security")),
        codes=tuple(re.findall(r"`([a-z_]+)`:", told)),
        deprecated=bool(row.get("deprecated")),
    )


def schemas(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The named types."""
    return dict(sorted(document["components"]["schemas"].items()))


def is_record(schema: Mapping[str, Any]) -> bool:
    """Whether a type has named fields and no others."""
    return schema.get("type") == "object" and "properties" in schema and schema.get("additionalProperties") is False


def name_of(reference: str) -> str:
    """The type that a `$ref` names."""
    return reference.rpartition("/")[2]


def camel(snake: str) -> str:
    """`list_models` → `listModels`."""
    first, *others = snake.split("_")
    return first + "".join(part.capitalize() for part in others)
