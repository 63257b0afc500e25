"""Writes the TypeScript client: types as interfaces, one method an operation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from artifacts.clients.shapes import Operation, is_record, name_of, operations, schemas

_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


def kind(schema: Mapping[str, Any]) -> str:
    """A schema as a type."""
    if "$ref" in schema:
        return name_of(schema["$ref"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(kind(each) for each in schema["anyOf"]))
    name = schema.get("type")
    if name == "array":
        return f"Array<{kind(schema.get('items', {}))}>"
    if name == "object":
        others = schema.get("additionalProperties")
        plain = isinstance(others, dict) and "properties" not in schema
        return f"Record<string, {kind(others)}>" if plain and isinstance(others, dict) else "Record<string, unknown>"
    return _SIMPLE.get(str(name), "unknown")


def types(document: Mapping[str, Any]) -> str:
    """The module of types."""
    lines = ["/** Types of the API; generated from its document. */"]
    for name, schema in schemas(document).items():
        lines += ["", *comment(schema.get("description", ""), "")]
        if not is_record(schema):
            lines.append(f"export type {name} = {kind(schema)};")
            continue
        lines.append(f"export interface {name} {{")
        needed = schema.get("required", [])
        for field, inner in schema["properties"].items():
            mark = "" if field in needed else "?"
            lines += [*comment(inner.get("description", ""), "  "), f"  {field}{mark}: {kind(inner)};"]
        lines.append("}")
    return "\n".join(lines) + "\n"


def client(document: Mapping[str, Any]) -> str:
    """The module of the client."""
    made = operations(document)
    title = f'Client of the API "{document["info"]["title"]}", version {document["info"]["version"]}'
    names = sorted(
        {name_of(schema["$ref"]) for each in made for schema in (each.body, each.answer) if schema and "$ref" in schema}
    )
    lines = [
        f"/** {title}; generated from its document. */",
        'import { Transport } from "./transport.js";',
        "import type {",
        *(f"  {name}," for name in names),
        '} from "./types.js";',
        *("", "/** One method an operation; see `Options` for what it is made with. */"),
        "export class Client extends Transport {",
    ]
    for number, each in enumerate(made):
        lines += [*([""] if number else []), *method(each)]
    return "\n".join([*lines, "}"]) + "\n"


def method(each: Operation) -> list[str]:
    """One method."""
    arguments = [f"{row.camel}: {kind(row.schema)}" for row in each.of("path")]
    if each.body is not None:
        arguments.append(f"body{'' if each.body_needed else '?'}: {kind(each.body)}")
    named = [*each.of("query"), *each.of("header")]
    if named:
        fields = "; ".join(f"{row.camel}?: {kind(row.schema)}" for row in named)
        arguments.append(f"more: {{ {fields} }} = {{}}")
    path = each.path
    for row in each.of("path"):
        path = path.replace(f"{{{row.name}}}", f"${{encodeURIComponent({row.camel})}}")
    call = ["body"] if each.body is not None else []
    for place in ("query", "header"):
        if each.of(place):
            pairs = ", ".join(f"{json.dumps(row.name)}: more.{row.camel}" for row in each.of(place))
            call.append(f"{place}: {{ {pairs} }}")
    if not each.secured:
        call.append("signed: false")
    if each.once:
        call.append("once: true")
    answer = kind(each.answer) if each.answer is not None else "undefined"
    told = f"{each.summary}. {each.description}{' @deprecated' if each.deprecated else ''}".strip()
    return [
        *comment(f"{told} Throws ApiError with {', '.join(each.codes)}.", "  "),
        f"  {each.camel}({', '.join(arguments)}): Promise<{answer}> {{",
        f'    return this.ask<{answer}>("{each.method}", `{path}`, {{ {", ".join(call)} }});',
        "  }",
    ]


def comment(text: str, indent: str) -> list[str]:
    """What a type, field or method means."""
    told = " ".join(str(text).replace("*/", "* /").split())
    return [f"{indent}/** {told} */"] if told else []
