"""Documents whose parts are partly known: outputs are awaited alone, not with all that is around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from pulumi import Input, Output


def filled(value: Any, make: Callable[[Any], str]) -> Output[str]:
    """What `make` makes of nested data once every output in it is known.

    Pulumi makes outputs of every text and number in what it is given; a dashboard has thousands of them.
    """
    awaited: dict[int, tuple[int, Input[Any]]] = {}
    drawn = _drawn(value, awaited)
    if not awaited:
        return Output.from_input(make(drawn))
    inputs = [known for _, known in awaited.values()]
    if len(inputs) == 1 and isinstance(inputs[0], Output):
        return inputs[0].apply(lambda only: make(_filled(drawn, [only])))
    return Output.all(*inputs).apply(lambda values: make(_filled(drawn, values)))


def formatted(template: str, *values: Input[Any]) -> Output[str]:
    """The template with `{0}`, `{1}` and so on filled, as Output.format does with eight times the outputs."""
    return filled(values, lambda known: template.format(*known))


@dataclass(frozen=True)
class _Gap:
    """Stands where a value is not known yet."""

    number: int


def _drawn(value: Any, awaited: dict[int, tuple[int, Input[Any]]]) -> Any:
    """The same with gaps in place of outputs, which are noted, each once."""
    if isinstance(value, Mapping):
        return {key: _drawn(inner, awaited) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_drawn(inner, awaited) for inner in value]
    if isinstance(value, Output) or isawaitable(value):
        return _Gap(awaited.setdefault(id(value), (len(awaited), value))[0])
    return value


def _filled(value: Any, values: Sequence[Any]) -> Any:
    """The same with values in place of gaps."""
    if isinstance(value, Mapping):
        return {key: _filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    return values[value.number] if isinstance(value, _Gap) else value
