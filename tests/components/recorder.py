"""Runs a piece of program against an engine that only records, and gives what was registered.

Every run has a monitor, an event loop and settings of its own, so tests cannot see each other.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import importlib
import re
import threading
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pulumi import Output
from pulumi.runtime import rpc
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks, MockSettings
from pulumi.runtime.settings import SETTINGS, configure
from pulumi.runtime.stack import run_in_stack

from tests.components.answers import ACCOUNT, REGION, answer, outputs

STACK = "pulumi:pulumi:Stack"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
# An output that nobody filled becomes the text None inside an ARN or an address.
_HOLE = re.compile(r"(?<=[:/])None(?=[:/.]|$)|^None(?=[:/])")

with warnings.catch_warnings():
    # These are loaded on first use, warn then about types that nobody uses here, and a warning is an error in tests.
    warnings.simplefilter("ignore", DeprecationWarning)
    for service in ("ec2", "lambda_", "s3"):
        assert hasattr(importlib.import_module(f"pulumi_aws.{service}"), "outputs")

__all__ = ["ACCOUNT", "REGION", "Recorded", "Recording", "record"]


@dataclass(frozen=True)
class Recorded:
    """One resource as the program registered it."""

    urn: str
    type: str
    name: str
    parent: str
    """URN of the parent; empty for a child of the stack."""
    custom: bool
    inputs: Mapping[str, Any]
    """camelCase, secrets unwrapped."""
    secrets: frozenset[str]
    """Names of the inputs that were given as secrets."""
    dependencies: frozenset[str]
    """URNs."""
    references: Mapping[str, frozenset[str]]
    """URNs that each input's value comes from."""
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    ignore_changes: tuple[str, ...]
    provider: str
    region: str
    """Of its provider, or its own."""


@dataclass
class Recording:
    """Everything one run registered."""

    resources: list[Recorded] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    value: Any = None
    """What the program returned, resolved where it was an Output or holds some."""

    def of_type(self, token: str) -> list[Recorded]:
        """Resources of a type such as `aws:s3/bucket:Bucket`, by name."""
        return sorted((found for found in self.resources if found.type == token), key=lambda found: found.name)

    def one(self, token: str, name: str | None = None) -> Recorded:
        """The only resource of a type, or the one of that name."""
        found = [resource for resource in self.of_type(token) if name in (None, resource.name)]
        assert len(found) == 1, f"{token} {name or ''}: {[resource.name for resource in self.of_type(token)]}"
        return found[0]

    def children(self, parent: Recorded) -> list[Recorded]:
        """Direct children."""
        return [resource for resource in self.resources if resource.parent == parent.urn]

    def counts(self) -> dict[str, int]:
        """Type → number of resources, components included."""
        tally: dict[str, int] = {}
        for resource in self.resources:
            tally[resource.type] = tally.get(resource.type, 0) + 1
        return dict(sorted(tally.items()))


def record(
    program: Callable[[], Any],
    *,
    stack: str = "dev",
    project: str = "mlplatform",
    config: Mapping[str, str] | None = None,
    preview: bool = False,
) -> Recording:
    """Runs the program and gives what it registered; raises what the program raised.

    With `preview`, everything that only AWS knows is unknown, as in `pulumi preview` of an empty account.
    """
    recording = Recording()
    monitor = _Monitor(recording, preview=preview)
    settings: Any = MockSettings
    values = settings(
        monitor=monitor,
        monitor_features=set(monitor.features),
        engine=MockEngine(None),
        project=project,
        stack=stack,
        dry_run=preview,
        organization="organization",
        root_directory=".",
        callbacks=None,
        outputs=set(),
    )
    call = functools.partial(_call, program, recording)
    # In a thread the stack is short: Pulumi turns every frame of it into a URI, for each resource.
    with ThreadPoolExecutor(1, thread_name_prefix="recorder") as thread:
        thread.submit(contextvars.copy_context().run, _run, call, monitor, values, config or {}).result()
    return recording


def _run(program: Callable[[], Awaitable[None]], monitor: _Monitor, settings: Any, config: Mapping[str, str]) -> None:
    configure(settings)
    set_all_config(dict(config))
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    enabled = gc.isenabled()
    gc.disable()  # twice as fast: nothing made here dies before the run ends
    try:
        loop.run_until_complete(run_in_stack(program))
    except Exception as error:
        if monitor.failure is not None:
            raise monitor.failure from error
        raise
    finally:
        if enabled:
            gc.enable()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()
        set_all_config({})


async def _call(program: Callable[[], Any], recording: Recording) -> None:
    def keep(value: Any) -> None:
        recording.value = value

    value = program()
    if value is not None:
        Output.from_input(value).apply(keep)
    # Pulumi would look at all outputs each time that one is done.
    while True:
        with SETTINGS.lock:
            pending = [task for task in SETTINGS.outputs if not task.done()]
        if not pending:
            return
        await asyncio.wait(pending)


class _NoMocks(Mocks):
    """MockMonitor wants mocks; the recorder answers before they would be asked."""

    def call(self, args: Any) -> Any:
        raise AssertionError(args.token)

    def new_resource(self, args: Any) -> Any:
        raise AssertionError(args.typ)


class _Monitor(MockMonitor):
    def __init__(self, recording: Recording, *, preview: bool) -> None:
        super().__init__(_NoMocks())
        self.failure: Exception | None = None
        information: Any = self.GetDeploymentInfo
        self.features: list[int] = list(information(None).supportedFeatures)
        self._recording = recording
        self._preview = preview
        self._lock = threading.Lock()
        self._urns: set[str] = set()
        self._regions: dict[str, str] = {}

    def register(self, request: Any) -> Any:
        from pulumi.runtime.proto import resource_pb2

        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        try:
            response = self._register(urn, request)
        except Exception as error:
            self.failure = self.failure or error
            raise
        return response

    def _register(self, urn: str, request: Any) -> Any:
        from pulumi.runtime.proto import resource_pb2

        inputs, secrets = _plain(request.object)
        hole = _hole(inputs)
        if hole and not self._preview:
            raise AssertionError(
                f"{urn}: {hole!r} was built from an output that has no value; "
                "add a row for its resource to OUTPUTS in tests/components/answers.py"
            )
        region = str(inputs.get("region") or self._regions.get(request.provider.rpartition("::")[0], REGION))
        with self._lock:
            if request.type.startswith("pulumi:providers:"):
                self._regions[urn] = region
            if urn in self._urns:
                raise AssertionError(f"two resources have the URN {urn}; give one another name")
            self._urns.add(urn)
            self._recording.resources.append(
                Recorded(
                    urn=urn,
                    type=request.type,
                    name=request.name,
                    parent="" if f"::{STACK}::" in request.parent else request.parent,
                    custom=request.custom,
                    inputs=inputs,
                    secrets=secrets,
                    dependencies=frozenset(request.dependencies),
                    references={key: frozenset(row.urns) for key, row in request.propertyDependencies.items()},
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    delete_before_replace=request.deleteBeforeReplace,
                    ignore_changes=tuple(request.ignoreChanges),
                    provider=request.provider.rpartition("::")[0],
                    region=region,
                )
            )
        state = type(request.object)()
        state.CopyFrom(request.object)
        if not request.custom or self._preview:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=state)
        made = outputs(request.type, request.name, inputs, region)
        state.update({key: value for key, value in made.items() if key != "id"})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=str(made["id"]), object=state)

    def invoke(self, request: Any) -> Any:
        from pulumi.runtime.proto import resource_pb2

        try:
            arguments = _plain(request.args)[0]
            region = arguments.get("region") or self._regions.get(request.provider.rpartition("::")[0], REGION)
            values = answer(request.tok, arguments, str(region))
        except Exception as error:
            self.failure = self.failure or error
            raise
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").update(values)
        return response

    def read(self, request: Any) -> Any:
        raise AssertionError(
            f"{request.type} {request.name!r} is looked up by get(); declare it or take it as an input"
        )

    def finish(self, request: Any) -> Any:
        if request.urn.split("::")[2] == STACK:
            self._recording.exports.update(_plain(request.outputs)[0])
        finished: Any = super().RegisterResourceOutputs
        return finished(request)

    # The engine's protocol names its calls like this.
    RegisterResource = register
    Invoke = invoke
    ReadResource = read
    RegisterResourceOutputs = finish


def _plain(struct: Any) -> tuple[dict[str, Any], frozenset[str]]:
    values = rpc.deserialize_properties(struct, keep_unknowns=True)
    plain = {key: _unwrap(value) for key, value in values.items()}
    return plain, frozenset(key for key, value in values.items() if _is_secret(value))


def _is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(_SIGNATURE) == _SECRET


def _unwrap(value: Any) -> Any:
    """Values as a person would write them: secrets unwrapped, whole numbers whole, archives as their path."""
    if _is_secret(value):
        return _unwrap(value["value"])
    if isinstance(value, Mapping):
        return {key: _unwrap(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_unwrap(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    for attribute in ("path", "text", "uri"):
        if type(value).__module__ == "pulumi.asset" and hasattr(value, attribute):
            return {attribute: getattr(value, attribute)}
    return value


def _hole(value: Any) -> str | None:
    if isinstance(value, str):
        return value if _HOLE.search(value) else None
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return next((found for item in inner if (found := _hole(item))), None)
