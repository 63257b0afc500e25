"""Writes the Python client: types as TypedDicts, one method an operation."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from artifacts.clients.shapes import Operation, is_record, name_of, operations, schemas

_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


def annotation(schema: Mapping[str, Any]) -> str:
    """A schema as an annotation."""
    if "$ref" in schema:
        return name_of(schema["$ref"])
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(annotation(kind) for kind in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array":
        return f"list[{annotation(schema.get('items', {}))}]"
    if kind == "object":
        others = schema.get("additionalProperties")
        plain = isinstance(others, dict) and "properties" not in schema
        return f"dict[str, {annotation(others)}]" if plain and isinstance(others, dict) else "dict[str, Any]"
    return _SIMPLE.get(str(kind), "Any")


def types(document: Mapping[str, Any]) -> str:
    """The module of types."""
    lines = ['"""Types of the API; generated from its document."""', "", "from __future__ import annotations", ""]
    lines += ["from typing import Any, Literal, NotRequired, TypedDict", ""]
    for name, schema in schemas(document).items():
        lines += ["", *record(name, schema)] if is_record(schema) else ["", f"{name} = {annotation(schema)}"]
        lines += [] if is_record(schema) else docstring(schema, "")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def record(name: str, schema: Mapping[str, Any]) -> list[str]:
    """A type with named fields."""
    lines = [f"class {name}(TypedDict):", *docstring(schema, "    ")]
    needed = schema.get("required", [])
    for field, inner in schema["properties"].items():
        kind = annotation(inner)
        lines += ["", f"    {field}: {kind if field in needed else f'NotRequired[{kind}]'}", *docstring(inner, "    ")]
    return lines if len(lines) > 1 else [*lines, "    pass"]


def docstring(schema: Mapping[str, Any], indent: str) -> list[str]:
    """What a type or field means, where the document says so."""
    text = " ".join(str(schema.get("description", "")).split())
    return [f'{indent}"""{quoted(text)}"""'] if text else []


def quoted(text: str) -> str:
    """A text that stays within three quotation marks, whatever it says."""
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'{text[:-1]}\\"' if text.endswith('"') else text


def client(document: Mapping[str, Any]) -> str:
    """The module of the client."""
    made = operations(document)
    title = document["info"]["title"]
    methods = [line for each in made for line in ("", *method(each))]
    names = "Any, Literal, cast" if any("Literal[" in line for line in methods) else "Any, cast"
    lines = [
        f'"""Client of the API "{title}", version {document["info"]["version"]}; generated from its document."""',
        *("", "from __future__ import annotations", "", f"from typing import {names}", ""),
        "from .transport import Transport",
        *("from .types import (", *(f"    {name}," for name in used(made)), ")"),
        *(
            "",
            "",
            "class Client(Transport):",
            '    """One method an operation; see `Transport` for what it is made with."""',
        ),
    ]
    return "\n".join([*lines, *methods]) + "\n"


def used(made: list[Operation]) -> list[str]:
    """Types that methods name."""
    found = {
        name_of(schema["$ref"]) for each in made for schema in (each.body, each.answer) if schema and "$ref" in schema
    }
    return sorted(found)


def method(each: Operation) -> list[str]:
    """One method."""
    arguments = ["self", *(f"{row.snake}: {annotation(row.schema)}" for row in each.of("path"))]
    if each.body is not None:
        kind = annotation(each.body)
        arguments.append(f"body: {kind}" if each.body_needed else f"body: {kind} | None = None")
    named = [f"{row.snake}: {annotation(row.schema)} | None = None" for row in (*each.of("query"), *each.of("header"))]
    arguments += ["*", *named] if named else []
    answer = annotation(each.answer) if each.answer is not None else "None"
    path = each.path
    for row in each.of("path"):
        path = path.replace(f"{{{row.name}}}", f"{{self.segment({row.snake})}}")
    call = [
        f'"{each.method}"',
        f'f"{path}"' if "{" in path else f'"{path}"',
        *(["body"] if each.body is not None else []),
    ]
    for place in ("query", "header"):
        if each.of(place):
            pairs = ", ".join(f'"{row.name}": {row.snake}' for row in each.of(place))
            call.append(f"{place}={{{pairs}}}")
    if not each.secured:
        call.append("signed=False")
    if each.once:
        call.append("once=True")
    asked = f"self.ask({', '.join(call)})"
    ends = "Deprecated. " if each.deprecated else ""
    told = [f"{ends}{each.summary}. {each.description}".strip(), "", f"Raises: ApiError with {', '.join(each.codes)}."]
    return [
        f"    def {each.name}({', '.join(arguments)}) -> {answer}:",
        *textwrap.indent(
            '"""' + quoted("\n".join(wrapped(told))) + '\n"""', "    " * 2, lambda line: bool(line.strip())
        ).split("\n"),
        f"        {asked}" if answer == "None" else f'        return cast("{answer}", {asked})',
    ]


def wrapped(paragraphs: list[str]) -> list[str]:
    """Text in lines of ordinary length."""
    return [line for text in paragraphs for line in (textwrap.wrap(text, 100) or [""])]
