"""What a target gets of an event: all of it, a part, a constant, or a template filled from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]|\.\*")
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")


class TransformError(ValueError):
    """The input of a target cannot be made from this event."""


class _Absent:
    """What a path that leads nowhere gives; `null` is a value."""


ABSENT = _Absent()


def at_path(event: Any, path: str) -> Any:
    """What lies at a JSON path of the kind that EventBridge takes (`$.detail.object.key`, `$.resources[0]`).

    Returns:
        The value, or `ABSENT`.

    Raises:
        TransformError: when the path does not follow that grammar.
    """
    if not path.startswith("$"):
        raise TransformError(f"path {path!r} must begin with '$', as in '$.detail.name'")
    value, rest = event, path[1:]
    while rest:
        match = _STEP.match(rest)
        if match is None or match.group(0) == ".*":
            raise TransformError(
                f"path {path!r} is not understood at {rest!r}: use names and indexes, as in '$.resources[0]'"
            )
        name, index = match.group(1) or match.group(3), match.group(2)
        if index is not None:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else ABSENT
        else:
            value = value[name] if isinstance(value, Mapping) and name in value else ABSENT
        rest = rest[match.end() :]
    return value


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], rule: Mapping[str, str], ingested: str) -> str:
    """The text that a target receives: `Input`, `InputPath`, `InputTransformer` or the whole event as JSON.

    Args:
        target: the target as PutTargets took it.
        event: the completed event.
        rule: `arn` and `name` of the rule, for the reserved variables.
        ingested: when EventBridge took the event.

    Raises:
        TransformError: when a path is malformed.
    """
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        part = at_path(event, str(target["InputPath"]))
        return json.dumps(None if part is ABSENT else part)
    transformer = target.get("InputTransformer")
    if transformer:
        paths: Mapping[str, str] = transformer.get("InputPathsMap") or {}
        variables = {name: at_path(event, path) for name, path in paths.items()}
        variables |= {
            "aws.events.rule-arn": rule["arn"],
            "aws.events.rule-name": rule["name"],
            "aws.events.event.ingestion-time": ingested,
            "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
            "aws.events.event.json": dict(event),
        }
        return fill(str(transformer["InputTemplate"]), variables)
    return json.dumps(event)


def fill(template: str, variables: Mapping[str, Any]) -> str:
    """A template with its `<variables>` replaced.

    Inside a JSON string a variable becomes part of the text; outside it becomes a JSON value of its own. A variable
    whose path found nothing is empty text inside a string and `null` outside; an undeclared name stays as it stands.
    """
    result: list[str] = []
    position, quoted = 0, False
    for match in _PLACEHOLDER.finditer(template):
        before = template[position : match.start()]
        quoted = _quoted_after(before, begins_quoted=quoted)
        result.append(before)
        name = match.group(1)
        if name not in variables:
            result.append(match.group(0))
        elif quoted:
            result.append(_inside_string(variables[name]))
        else:
            value = variables[name]
            result.append(json.dumps(None if value is ABSENT else value))
        position = match.end()
    result.append(template[position:])
    return "".join(result)


def _quoted_after(text: str, *, begins_quoted: bool) -> bool:
    quoted, escaped = begins_quoted, False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
    return quoted


def _inside_string(value: Any) -> str:
    if value is ABSENT or value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]
