"""Mapping templates, as far as fixed answers use them: conditions on request headers that choose headers of the answer.

API Gateway runs the whole of Velocity; a word that is not known here is refused when the document is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_PARTS = re.compile(r"#(set|if|else|end)\b(?:\(((?:[^()\"]|\"[^\"]*\"|\(\))*(?:\([^()]*\)[^()]*)*)\))?")
_HEADER = re.compile(r'\$input\.params\(\)\.header\.get\("([^"]+)"\)')
_SET = re.compile(r"\$(?:context\.responseOverride\.header\.(?P<header>[\w-]+)|(?P<name>\w+))\s*=\s*(?P<value>.+)")
_OVERRIDE = "\0"
"""In front of the name of a header; no variable begins so."""

Values = dict[str, str]
Read = Callable[[Values, Mapping[str, str]], str]


class TemplateError(ValueError):
    """A template says something that is not run here."""


@dataclass(frozen=True)
class Mapped:
    """What a template made."""

    text: str
    headers: Mapping[str, str]
    """Headers that it set."""


@dataclass
class _Block:
    """What stands between two conditions."""

    when: Callable[[Values, Mapping[str, str]], bool]
    steps: list[str | tuple[str, Read] | _Block] = field(default_factory=list)


class MappingTemplate:
    """A template, taken apart once.

    Raises:
        TemplateError: it has a word that is not known here.
    """

    def __init__(self, template: str) -> None:
        self._root = _Block(lambda _values, _headers: True)
        open_blocks, at = [self._root], 0
        for found in _PARTS.finditer(template):
            open_blocks[-1].steps.append(_plain(template[at : found.start()]))
            at = found.end()
            word, inside = found[1], found[2] or ""
            if word == "set":
                open_blocks[-1].steps.append(_assignment(inside))
            elif word == "if":
                block = _Block(_condition(inside))
                open_blocks[-1].steps.append(block)
                open_blocks.append(block)
            elif word == "end" and len(open_blocks) > 1:
                open_blocks.pop()
            else:
                raise TemplateError(f"#{word} is not run here; use #set, #if and #end")
        self._root.steps.append(_plain(template[at:]))
        if len(open_blocks) > 1:
            raise TemplateError("an #if has no #end; add it")

    def run(self, headers: Mapping[str, str]) -> Mapped:
        """What it makes of a request's headers."""
        values: Values = {}
        text = "".join(_run(self._root, values, headers))
        made = {name[1:]: value for name, value in values.items() if name.startswith(_OVERRIDE)}
        return Mapped(text, made)


def _run(block: _Block, values: Values, headers: Mapping[str, str]) -> list[str]:
    parts: list[str] = []
    for step in block.steps:
        if isinstance(step, str):
            parts.append(step)
        elif isinstance(step, _Block):
            parts += _run(step, values, headers) if step.when(values, headers) else []
        else:
            values[step[0]] = step[1](values, headers)
    return parts


def _plain(text: str) -> str:
    if "#" in text:
        raise TemplateError(f"{text.strip()!r} is not run here; use #set, #if and #end")
    return text


def _assignment(text: str) -> tuple[str, Read]:
    found = _SET.fullmatch(text.strip())
    if found is None:
        raise TemplateError(f"#set({text}) is not run here; set a variable or a header of $context.responseOverride")
    return (_OVERRIDE + found["header"] if found["header"] else found["name"]), _value(found["value"].strip())


def _value(text: str) -> Read:
    header = _HEADER.fullmatch(text)
    if header is not None:
        name = header[1]
        return lambda _values, headers: headers.get(name, "")
    if re.fullmatch(r'"[^"$]*"', text):
        return lambda _values, _headers: text[1:-1]
    if re.fullmatch(r"\$\w+", text):
        return lambda values, _headers: values.get(text[1:], "")
    raise TemplateError(f"{text!r} is not run here; use a text, a variable or a header of $input.params()")


def _condition(text: str) -> Callable[[Values, Mapping[str, str]], bool]:
    tests = [_test(part.strip()) for part in text.split("||")]
    return lambda values, headers: any(test(values, headers) for test in tests)


def _test(text: str) -> Callable[[Values, Mapping[str, str]], bool]:
    if text.startswith("!"):
        value = _value(text[1:])
        return lambda values, headers: not value(values, headers)
    left, equal, right = (part.strip() for part in text.partition("=="))
    one = _value(left)
    if not equal:
        return lambda values, headers: bool(one(values, headers))
    other = _value(right)
    return lambda values, headers: one(values, headers) == other(values, headers)
