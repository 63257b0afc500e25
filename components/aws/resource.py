"""Light resources and functions of the provider: what they register and ask is what its own classes would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pulumi
from pulumi import InvokeOptions, Output, ResourceOptions
from pulumi_aws import _utilities

from components.aws.kinds import MAP, Fields, Kind, camel

VERSION = str(_utilities.get_version())  # type: ignore[no-untyped-call]  # generated without annotations
"""The provider's: one plugin serves all resources, its own classes' too."""


class Light(pulumi.CustomResource):
    """A resource of one kind; each kind has a subclass of its own."""

    kind: ClassVar[Kind]

    def __init__(self, resource_name: str, opts: ResourceOptions | None = None, **inputs: Any) -> None:
        kind = self.kind
        _check(kind, resource_name, inputs)
        props = {camel(key): _input(kind, key, value) for key, value in inputs.items() if value is not None}
        for key in kind.outputs:
            props.setdefault(camel(key), None)
        own = ResourceOptions(version=VERSION)
        if kind.aliases:
            own.aliases = [pulumi.Alias(type_=token) for token in kind.aliases]
        if kind.secret_outputs:
            own.additional_secret_outputs = list(kind.secret_outputs)
        super().__init__(kind.token, resource_name, props, ResourceOptions.merge(own, opts))
        self._answers = {key: vars(self).pop(key) for key in props if key not in ("id", "urn")}

    def __getattr__(self, name: str) -> Any:
        """An output by its name in snake_case."""
        if name.startswith("_"):
            raise AttributeError(name)
        found = self._answers.get(camel(name))
        if found is None:
            raise AttributeError(
                f"{self.kind.token} has no output {name!r} unless it is given as an input; "
                f"there are: {', '.join(sorted({'id', 'urn', *self.kind.outputs}))}",
                name=name,
                obj=self,
            )
        if name in self.kind.nested or name in (self.kind.structures or ()):
            found = found.apply(Shape.of)
        self.__dict__[name] = found
        return found


class Shape(dict[str, Any]):
    """A structure that the provider answered, whose fields are read as attributes in snake_case."""

    @staticmethod
    def of(value: Any) -> Any:
        """Nested data with each dict as a Shape."""
        if isinstance(value, Mapping):
            return Shape({key: Shape.of(inner) for key, inner in value.items()})
        return [Shape.of(inner) for inner in value] if isinstance(value, list) else value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(camel(name))


def light(name: str, kind: Kind) -> type[Light]:
    """The class of a kind."""
    return type(name, (Light,), {"kind": kind, "__doc__": f"`{kind.token}`, as the provider's package describes it."})


def asked(token: str) -> Callable[..., Output[Any]]:
    """A function of the provider, as its `get_…_output`."""

    def ask(*, opts: InvokeOptions | None = None, **arguments: Any) -> Output[Any]:
        given = {camel(key): value for key, value in arguments.items()}
        merged = InvokeOptions.merge(InvokeOptions(version=VERSION), opts)
        answer: Output[Any] = pulumi.runtime.invoke_output(token, given, merged)
        return answer.apply(Shape.of)

    return ask


def structured(value: Any, fields: Fields | str) -> Any:
    """Nested inputs with the keys of structures as the provider knows them, and those of maps as they stand."""
    if fields == MAP or value is None or isinstance(fields, str):
        return value
    if isinstance(value, Output):
        return value.apply(lambda known: structured(known, fields))
    if isinstance(value, list | tuple):
        return [structured(inner, fields) for inner in value]
    if isinstance(value, Mapping):
        return {camel(key): structured(inner, fields[key]) if key in fields else inner for key, inner in value.items()}
    return value


def _input(kind: Kind, key: str, value: Any) -> Any:
    if kind.structures and key in kind.structures:
        value = structured(value, kind.structures[key])
    return Output.secret(value) if key in kind.secrets else value


def _check(kind: Kind, name: str, inputs: Mapping[str, Any]) -> None:
    unknown = sorted(set(inputs) - set(kind.inputs))
    missing = [key for key in kind.required if inputs.get(key) is None]
    problems = [f"unknown input {key!r}; allowed: {', '.join(kind.inputs)}" for key in unknown]
    problems += [f"missing input {key!r}" for key in missing]
    if problems:
        raise TypeError(f"{kind.token} {name!r}: {'; '.join(problems)}")
