"""Runs the program for one stack in this process and gives its ledger."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import importlib
import json
import runpy
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sandbox.events.hooks import Hooks
from sandbox.ledger import Ledger
from sandbox.seam.monitor import Maker, Monitor

ROOT = Path(__file__).resolve().parent.parent
P = ParamSpec("P")
T = TypeVar("T")


class ProgramError(RuntimeError):
    """The program or its configuration is wrong; the text is meant for the person who ran it."""


def run(
    stack: str,
    maker: Maker | None = None,
    *,
    root: Path = ROOT,
    config: Mapping[str, str] | None = None,
    begun: Callable[[Ledger], None] | None = None,
) -> Ledger:
    """Runs `__main__.py` of a project for a stack; `config` overrides single values of its file.

    Without a maker nothing is created: every resource is recorded with the outputs that can be derived. `begun` gets
    the ledger while it is still empty, for whom resources are needed as soon as they are declared.
    Raises ProgramError with the first cause.
    """
    root = root.resolve()
    executor = ThreadPoolExecutor(thread_name_prefix="program")
    if maker is None:
        from sandbox.seam.create import Recorder

        maker, executor = Recorder(root), _Here()
    project, values = configuration(stack, root)
    values.update(config or {})
    ledger = Ledger(stack=stack, project=project)
    if begun is not None:
        begun(ledger)
    contextvars.copy_context().run(_run, ledger, maker, values, root, executor)
    return ledger


def stacks(root: Path = ROOT) -> list[str]:
    """The stacks that have a file."""
    return sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))


def configuration(stack: str, root: Path = ROOT) -> tuple[str, dict[str, str]]:
    """The project's name and the stack's configuration as the engine hands it over: full keys, JSON for structures."""
    if stack not in stacks(root):
        raise ProgramError(f"unknown stack {stack!r}; there are: {', '.join(stacks(root)) or 'none'}")
    project_file = _read(root / "Pulumi.yaml")
    project = str(project_file.get("name") or "")
    if not project:
        raise ProgramError(f"{root / 'Pulumi.yaml'} has no 'name'; add the project's name")
    values: dict[str, str] = {}
    for key, declared in (project_file.get("config") or {}).items():
        # A project may give a value, or a description with a default.
        value = declared.get("value", declared.get("default")) if isinstance(declared, dict) else declared
        if value is not None:
            values[_full(key, project)] = _text(value)
    path = root / f"Pulumi.{stack}.yaml"
    config = _read(path).get("config") or {}
    if not isinstance(config, dict):
        raise ProgramError(f"{path.name}: 'config' must be a mapping of keys to values")
    for key, value in config.items():
        if isinstance(value, dict) and set(value) == {"secure"}:
            raise ProgramError(
                f"{path.name}: {key!r} is encrypted and the sandbox has no key for it; "
                "keep secrets in Secrets Manager, or give the sandbox a plain value in another stack's file",
            )
        values[_full(key, project)] = _text(value)
    return project, values


def _run(ledger: Ledger, maker: Maker, config: dict[str, str], root: Path, executor: ThreadPoolExecutor) -> None:
    from pulumi.runtime import config as pulumi_config
    from pulumi.runtime.mocks import MockSettings
    from pulumi.runtime.settings import configure
    from pulumi.runtime.stack import run_in_stack

    monitor = Monitor(ledger, maker, config)
    engine = _Engine()
    settings: Any = MockSettings
    configure(
        settings(
            monitor=monitor,
            monitor_features=set(),
            engine=engine,
            project=ledger.project,
            stack=ledger.stack,
            dry_run=False,
            organization="organization",
            root_directory=str(root),
            callbacks=None,
            outputs=set(),
        ),
    )
    pulumi_config.set_all_config(config)
    with _loop(executor) as loop, _at(root), _no_collection(), _no_extras(), warnings.catch_warnings():
        # Importing a service of pulumi_aws warns of every type that it renamed, used or not. The use of one is logged.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="pulumi_aws")
        try:
            loop.run_until_complete(run_in_stack(lambda: _main(root)))
        except Exception as error:
            raise ProgramError(f"the program failed: {_explained(monitor.failure or error, root)}") from error
    if engine.errors:
        raise ProgramError(engine.errors[0])


async def _main(root: Path) -> None:
    from pulumi.runtime.settings import SETTINGS

    runpy.run_path(str(root / "__main__.py"), run_name="__main__")
    # Pulumi waits for one output after the other and looks at all others each time, which is quadratic and takes
    # seconds for thousands of them. Waiting for all at once leaves it nothing to wait for but their errors.
    while True:
        with SETTINGS.lock:
            pending = [task for task in SETTINGS.outputs if not task.done()]
        if not pending:
            return
        await asyncio.wait(pending)


def _explained(error: BaseException, root: Path) -> str:
    """The first cause in a line, with the place in the project that raised it."""
    text = str(error) or type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    place = next((frame for frame in reversed(frames) if _is_program(frame.filename, root)), None)
    return f"{text} ({Path(place.filename).relative_to(root)}:{place.lineno})" if place else text


def _is_program(file: str, root: Path) -> bool:
    path = Path(file)
    return path.is_relative_to(root) and not path.is_relative_to(ROOT / "sandbox") and ".venv" not in path.parts


class _Engine:
    """Receives the program's log."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def log(self, request: Any) -> None:
        """Shows warnings, and keeps errors: the engine fails an update that logged one."""
        from pulumi.runtime.proto import engine_pb2

        if request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        elif request.severity == engine_pb2.WARNING:
            sys.stderr.write(f"warning: {request.message}\n")

    Log = log


@contextlib.contextmanager
def _no_extras() -> Iterator[None]:
    """Leaves out what nobody here asks for: each of the two costs a tenth of the whole run.

    Where in the program a resource stands; and a URN for programs without an engine, which the SDK puts together of a
    dozen outputs for each resource, engine or not.
    """
    from pulumi.output import Output
    from pulumi.runtime.proto.source_pb2 import StackTrace

    hooks, resource = Hooks(), importlib.import_module("pulumi.runtime.resource")
    create = resource.create_urn

    def urn(name: Any, type_: Any, parent: Any = None, *rest: Any) -> Any:
        if rest or not all(isinstance(part, str) for part in (name, type_, parent)):
            return create(name, type_, parent, *rest)
        return Output.from_input(f"{parent.rpartition('::')[0]}${type_}::{name}")

    hooks.replace(resource, "_get_stack_trace", StackTrace)
    hooks.replace(resource, "create_urn", urn)
    try:
        yield
    finally:
        hooks.undo()


class _Here(ThreadPoolExecutor):
    """Does at once what it is given: what only records waits for nothing, and changing threads would take longer."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The future of what is done already; what it raises is raised here."""
        future = Future[T]()
        future.set_result(fn(*args, **kwargs))
        return future


@contextlib.contextmanager
def _loop(executor: ThreadPoolExecutor) -> Iterator[asyncio.AbstractEventLoop]:
    """A loop of its own: Pulumi's tasks end with the run, and an error is not printed once for each of them.

    It is asyncio's: a function of the provider that is called without `_output` turns the loop by its inner parts.
    """
    loop = asyncio.new_event_loop()
    loop.set_default_executor(executor)
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        # An interrupted program has hundreds of resources in line; none of them is begun any more.
        executor.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(RuntimeError):
            loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()


@contextlib.contextmanager
def _at(root: Path) -> Iterator[None]:
    """The project is the working directory and importable, as under the CLI."""
    with contextlib.chdir(root):
        sys.path.insert(0, str(root))
        try:
            yield
        finally:
            sys.path.remove(str(root))


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Many small objects live until the end of the run: looking for garbage among them doubles its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Everything new counts as old from here on: the next collection would look through all of it otherwise.
        gc.freeze()
        gc.unfreeze()
        if enabled:
            gc.enable()


def _read(path: Path) -> dict[str, Any]:
    yaml = importlib.import_module("yaml")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProgramError(f"{path} is missing; run from a complete checkout") from None
    except yaml.YAMLError as error:
        raise ProgramError(f"{path.name} is not valid YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ProgramError(f"{path.name} must be a mapping, not {type(content).__name__}")
    return content


def _full(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
