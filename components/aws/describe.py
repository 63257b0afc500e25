"""Writes `kinds.json` from the provider's own classes: `python -m components.aws.describe`."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
import textwrap
import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from enum import Enum
from pathlib import Path
from typing import Any, Final

from pulumi import _types

from components.aws.kinds import MAP, TABLE, Kind, camel

_SOURCES: Final = Path(__file__).resolve().parents[1]
_POLICY: Final = "PolicyDocumentArgs"


def used(sources: Path = _SOURCES) -> list[str]:
    """What the components take of `components.aws`, such as `s3.Bucket`."""
    found = set()
    for path in sources.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        services = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "components.aws"
            for alias in node.names
        }
        found |= {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in services
            # Classes of structures are only named in types.
            and not node.attr.endswith(("Args", "ArgsDict"))
        }
    return sorted(found)


def described(name: str) -> dict[str, Any]:
    """The row of a type, a function or an enumeration; empty fields are left out.

    Raises:
        LookupError: the provider's package has another form than this module reads.
    """
    service, _, noun = name.partition(".")
    module = importlib.import_module(f"pulumi_aws.{service}")
    found = getattr(module, noun)
    if inspect.isfunction(found):
        return {"token": _token(_parsed(found), "invoke_output", noun)}
    if issubclass(found, Enum):
        return {"values": {member.name: member.value for member in found}}
    kind = _kind(found, module)
    given = {field.name: getattr(kind, field.name) for field in fields(Kind) if _says(field, kind)}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}


def text(names: Sequence[str]) -> str:
    """The table, one row a line."""
    rows = [f"  {json.dumps(name)}: {json.dumps(described(name))}" for name in names]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def _says(field: Any, kind: Kind) -> bool:
    return field.default is MISSING or getattr(kind, field.name) != field.default


def _kind(cls: Any, module: Any) -> Kind:
    tree = _parsed(cls._internal_init)  # the one place that tells what the class registers
    inputs = [name for name in inspect.signature(cls._internal_init).parameters if name not in _NOT_INPUTS]  # as above
    answered = _always(cls)
    set_to = dict(_assigned(tree))
    outputs = [key for key, value in set_to.items() if key not in inputs and key not in _EVERYWHERE]
    outputs += [key for key in inputs if key in answered and key not in _EVERYWHERE]
    kinds = _types.input_type_types(_arguments(cls, module))
    _regular(cls.__name__, _types.resource_py_to_pulumi_names(cls))
    structures = {key: found for key in inputs if (found := _structure(kinds[camel(key)], ())) is not None}
    return Kind(
        token=_token(tree, "__init__", cls.__name__),
        inputs=tuple(inputs),
        required=tuple(_required(tree)),
        outputs=tuple(outputs),
        nested=tuple(key for key in outputs if "outputs." in str(_hint(cls, key))),
        structures={key: found for key, found in structures.items() if found != MAP} or None,
        secrets=tuple(key for key in inputs if "Output.secret" in ast.unparse(set_to[key])),
        secret_outputs=tuple(_option(tree, "additional_secret_outputs")),
        aliases=tuple(_option(tree, "type_")),
    )


_NOT_INPUTS: Final = {"__self__", "resource_name", "opts", "__props__"}
_EVERYWHERE: Final = {"region", "tags_all"}  # of nearly every type, and nobody reads them


def _parsed(function: Any) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == name:
            yield node


def _token(tree: ast.AST, call: str, name: str) -> str:
    found = [first.value for node in _calls(tree, call) for first in node.args[:1] if isinstance(first, ast.Constant)]
    if len(found) != 1:
        raise LookupError(f"{name} registers {len(found)} tokens; the provider's package has another form now")
    return str(found[0])


def _assigned(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """`__props__.__dict__["name"] = value`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            yield ast.literal_eval(node.targets[0].slice), node.value


def _required(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and str(node.value).startswith("Missing required property "):
            yield str(node.value).split("'")[1]


def _option(tree: ast.AST, name: str) -> list[str]:
    keywords = [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == name]
    values = [ast.literal_eval(node.value) for node in keywords]
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def _hint(cls: Any, key: str) -> Any:
    return vars(cls)[key].fget.__annotations__["return"]


def _always(cls: Any) -> set[str]:
    """Properties that have a value also where none was given."""
    getters = [key for key, member in vars(cls).items() if isinstance(member, property)]
    return {key for key in getters if "Optional" not in str(_hint(cls, key))}


def _arguments(cls: Any, module: Any) -> type:
    # The name is taken where a structure of the service has it already.
    for suffix in ("InitArgs", "Args"):
        found = getattr(module, f"{cls.__name__}{suffix}", None)
        if found is not None:
            return typing.cast("type", found)
    raise LookupError(f"{cls.__name__} has no class of arguments; the provider's package has another form now")


def _structure(hint: Any, within: tuple[type, ...]) -> Any:
    """The fields of a structure that hold structures or maps, MAP for a map, None for a plain value."""
    hint = _types.unwrap_type(hint)
    if isinstance(hint, type) and _types.is_input_type(hint):
        return None if hint.__name__ == _POLICY else _fields(hint, within)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        found = [_structure(option, within) for option in inner]
        return next((option for option in found if option is not None), None)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if _structure(inner[1], within) not in (None, MAP):
            raise LookupError(f"{hint} is a map of structures, which this module cannot tell")
        return MAP
    return _structure(inner[0], within) if isinstance(origin, type) and issubclass(origin, Sequence) else None


def _fields(struct: type, within: tuple[type, ...]) -> dict[str, Any]:
    if struct in within:
        raise LookupError(f"{struct.__name__} holds itself, which this module cannot tell")
    names = _types.input_type_py_to_pulumi_names(struct)
    _regular(struct.__name__, names)
    hints = _types.input_type_types(struct)
    found = {key: _structure(hints[name], (*within, struct)) for key, name in names.items()}
    return {key: value for key, value in found.items() if value is not None}


def _regular(owner: str, names: Mapping[str, str]) -> None:
    odd = [f"{key} is {name}" for key, name in names.items() if camel(key) != name]
    if odd:
        raise LookupError(f"{owner}: {', '.join(odd)}; such names are not in the table")


def main() -> None:
    """Writes the table."""
    with warnings.catch_warnings():
        # A service is loaded whole, with the types that it renamed.
        warnings.simplefilter("ignore", DeprecationWarning)
        TABLE.write_text(text(used()), encoding="utf-8")
    sys.stdout.write(f"wrote {TABLE.name}\n")


if __name__ == "__main__":
    main()
