"""The seam to Pulumi: an engine in this process that names, tags and makes what the program declares."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pulumi.resource import ResourceOptions, ResourceTransformArgs
from pulumi.runtime.mocks import MockMonitor, Mocks, _resolve_callbacks
from pulumi.runtime.proto import resource_pb2

from sandbox.ledger import Ledger, Resource
from sandbox.seam.names import autoname, default_tags, documents, hexadecimal, tagged
from sandbox.seam.values import plain, whole, wire

_STACK = "pulumi:pulumi:Stack"
_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True)
class Declared:
    """What a maker gets to make one resource."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    """Named and tagged: what the provider would send to AWS."""
    region: str
    existing: str = ""
    """The id of a resource that is read (`.get()`) instead of made; empty otherwise."""


@dataclass(frozen=True)
class Made:
    """What came of it."""

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What creation answered beyond the inputs, camelCase."""
    status: Literal["created", "recorded"] = "created"
    reason: str = ""
    dropped: Mapping[str, str] = field(default_factory=dict)


class Maker(Protocol):
    """Makes resources and answers functions of the provider; raises for what it does not know."""

    def make(self, declared: Declared) -> Made:
        """Creates or records one resource. Called from several threads at once."""
        ...

    def answer(self, token: str, arguments: Mapping[str, Any], region: str) -> dict[str, Any]:
        """The answer of a function such as `aws:index/getRegion:getRegion`."""
        ...


class DeclarationError(RuntimeError):
    """A resource could not be made; the text names it, and the cause is attached."""


class _Unused(Mocks):
    """MockMonitor wants mocks; this seam answers every request before they would be asked."""

    def call(self, args: Any) -> Any:
        """Is never reached."""
        raise AssertionError(args.token)

    def new_resource(self, args: Any) -> Any:
        """Is never reached."""
        raise AssertionError(args.typ)


class Monitor(MockMonitor):
    """Receives every registration of one run of the program and keeps it in a ledger."""

    def __init__(self, ledger: Ledger, maker: Maker, config: Mapping[str, str]) -> None:
        super().__init__(_Unused())
        self.ledger = ledger
        self.failure: Exception | None = None
        """The first error; what comes after follows from it."""
        self._maker = maker
        self._default = (
            config.get("aws:region", "us-east-1"),
            default_tags({"defaultTags": config.get("aws:defaultTags")}),
        )
        self._lock = threading.Lock()
        self._providers: dict[str, tuple[str, dict[str, str]]] = {}
        self._transforms: dict[str, list[Any]] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN as the engine makes it: the types of all parents below the stack, which the mocks shorten."""
        chain = parent.split("::")[2] if parent else _STACK
        qualified = type_ if chain == _STACK else f"{chain}${type_}"
        return f"urn:pulumi:{self.ledger.stack}::{self.ledger.project}::{qualified}::{name}"

    def register(self, request: Any) -> Any:
        """Names, tags and makes one resource, or notes a component."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == _STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        return self._first_cause(f"{request.type} {request.name!r}", lambda: self._register(urn, request))

    def read(self, request: Any) -> Any:
        """Looks up a resource that another program owns (`.get()`)."""

        def look_up() -> Any:
            urn = self.make_urn(request.parent, request.type, request.name)
            region, _ = self._provider(request.provider)
            declared = Declared(urn, request.type, request.name, plain(request.properties), region, request.id)
            made = self._maker.make(declared)
            self._keep(request, declared, made, {})
            state = wire(_copy(request.properties), made.outputs)
            return resource_pb2.ReadResourceResponse(urn=urn, properties=state)

        return self._first_cause(f"{request.type} {request.name!r} with id {request.id!r}", look_up)

    def outputs(self, request: Any) -> None:
        """Keeps what a component, or the stack itself, gives at its end."""
        values = plain(request.outputs)
        if request.urn.split("::")[2] == _STACK:
            self.ledger.exports.update(values)
        else:
            self.ledger.finish(request.urn, values)

    def invoke(self, request: Any) -> Any:
        """Answers a function of the provider."""

        def answer() -> Any:
            region, _ = self._provider(request.provider)
            arguments = plain(request.args)
            values = self._maker.answer(request.tok, arguments, str(arguments.get("region") or region))
            return resource_pb2.ResourceInvokeResponse(**{"return": wire(type(request.args)(), values)})

        return self._first_cause(f"function {request.tok}", answer)

    # The engine's protocol names its calls like this.
    RegisterResource = register
    ReadResource = read
    RegisterResourceOutputs = outputs
    Invoke = invoke

    def _register(self, urn: str, request: Any) -> Any:
        if request.remote:
            raise ValueError("components of other languages need the Pulumi CLI; use their Python source here")
        own = _resolve_callbacks(request.transforms)
        with self._lock:
            self._transforms[urn] = transforms = own + self._transforms.get(request.parent, [])
        inputs = plain(request.object)
        changed = self._transformed(request, inputs, [*transforms, *self._stack_transforms])
        if not request.custom:
            made = Made("")
            declared = Declared(urn, request.type, request.name, changed, "")
        elif request.type.startswith(_PROVIDER):
            made = Made(hexadecimal(urn, 32), status="recorded", reason="says how AWS is called; nothing to create")
            declared = Declared(urn, request.type, request.name, changed, str(changed.get("region", "")))
            with self._lock:
                self._providers[urn] = (declared.region or self._default[0], default_tags(changed))
        else:
            region, tags = self._provider(request.provider)
            named = {**changed, **documents(changed), **autoname(request.type, request.name, urn, changed)}
            named = {**named, **tagged(request.type, named, tags)}
            declared = Declared(urn, request.type, request.name, named, str(named.get("region") or region))
            made = self._maker.make(declared)
        self._keep(request, declared, made, _options(request))
        # Starting from the request keeps what the program marked as secret.
        state = _copy(request.object)
        wire(state, {key: value for key, value in declared.inputs.items() if inputs.get(key) != value})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=made.id, object=wire(state, made.outputs))

    def _keep(self, request: Any, declared: Declared, made: Made, options: dict[str, Any]) -> None:
        custom = getattr(request, "custom", True)
        self.ledger.add(
            Resource(
                urn=declared.urn,
                type=declared.type,
                name=declared.name,
                parent="" if f"::{_STACK}::" in request.parent else request.parent,
                custom=custom,
                inputs=dict(declared.inputs),
                outputs={**declared.inputs, **whole(dict(made.outputs)), **({"id": made.id} if custom else {})},
                dependencies=tuple(sorted(request.dependencies)),
                protect=bool(getattr(request, "protect", False)),
                status=made.status if custom else "component",
                reason=made.reason,
                dropped=dict(made.dropped),
                region=declared.region,
                options=options,
            ),
        )

    def _provider(self, reference: str) -> tuple[str, dict[str, str]]:
        """Region and default tags of the provider named by `urn::id`; those of the configuration without one."""
        with self._lock:
            return self._providers.get(reference.rpartition("::")[0], self._default)

    def _transformed(self, request: Any, inputs: dict[str, Any], transforms: list[Any]) -> dict[str, Any]:
        """Inputs after the transforms: the resource's own first, then its parents', then the stack's."""
        for transform in transforms:
            options = ResourceOptions()
            result = transform(ResourceTransformArgs(request.custom, request.type, request.name, inputs, options))
            if result is None:
                continue
            if not hasattr(result, "props"):
                raise TypeError(f"a transform answered {type(result).__name__}; it must give ResourceTransformResult")
            if vars(result.opts or options) != vars(ResourceOptions()):
                raise ValueError("a transform changed resource options; the sandbox applies changes of properties only")
            inputs = dict(result.props)
        return inputs

    def _first_cause(self, what: str, work: Callable[[], Any]) -> Any:
        if self.failure is not None:
            raise DeclarationError(f"{what} was not made because of an earlier error") from self.failure
        try:
            return work()
        except Exception as error:
            failure = DeclarationError(f"{what}: {error}")
            with self._lock:
                if self.failure is None:
                    self.failure = failure
                    self.failure.__cause__ = error
            raise failure from error


def _copy(struct: Any) -> Any:
    copy = type(struct)()
    copy.CopyFrom(struct)
    return copy


def _options(request: Any) -> dict[str, Any]:
    options = {
        "aliases": [alias.urn or alias.spec.name for alias in request.aliases] + list(request.aliasURNs),
        "ignoreChanges": list(request.ignoreChanges),
        "import": request.importId,
        "provider": request.provider.rpartition("::")[0],
        "replaceOnChanges": list(request.replaceOnChanges),
        "retainOnDelete": request.retainOnDelete,
    }
    return {key: value for key, value in options.items() if value}
