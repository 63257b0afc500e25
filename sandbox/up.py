"""Brings one stack up on this machine, in order, and ends everything that it started, whatever happens."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from sandbox import program
from sandbox.client import sign_in
from sandbox.cloud import HOST, Cloud, listen
from sandbox.demo_user import USERNAME, make
from sandbox.ledger import Ledger
from sandbox.processes.ending import bounded
from sandbox.progress import Progress
from sandbox.report import summary
from sandbox.state import LEDGER, Home, State

if TYPE_CHECKING:
    from sandbox.regions import Gateways


class Closing(Protocol):
    """A part that is ended by `close`."""

    def close(self) -> object:
        """Ends it."""


Part = TypeVar("Part", bound=Closing)


class StartError(RuntimeError):
    """The sandbox cannot start; the text says why and what to do."""


@dataclass(frozen=True)
class Options:
    """What the command line chooses."""

    stack: str = "dev"
    port: int = 8080
    aws_port: int = 4566
    directory: Path = Path(".sandbox")
    root: Path = program.ROOT
    train: bool = True
    """Whether the first model is trained; a test of one part starts faster without."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Values of the stack's configuration that stand in for those of its file."""
    period_scale: float = 1.0
    """How long an alarm's period lasts for one that is declared."""
    lag_s: float = 1.0
    """How long a write waits before it is copied to another region."""
    close_s: float = 12.0
    """How long the tear-down waits for one part before it goes on to the next."""


class Sandbox:
    """One running stack. `start` brings it up, `close` ends it; use it as a context manager.

    Args:
        options: which stack, and where.
        progress: where its steps are told.
        begun: called when the tear-down begins.
    """

    def __init__(
        self, options: Options, progress: Progress | None = None, begun: Callable[[], object] = lambda: None
    ) -> None:
        self.options = options
        self.home = Home(options.directory)
        self.progress = progress or Progress()
        self.cloud = Cloud()
        self.ledger = Ledger()
        self.verdicts = ""
        """What the policy pack said of the stack, in a line."""
        self.gateways: Gateways | None = None
        self.notes: list[str] = []
        """Where the runtimes differ from AWS."""
        self._begun = begun
        self._ends: list[tuple[str, Callable[[], object]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> State:
        """Everything in order; raises with the first cause, and leaves the tear-down to `close`."""
        options, step, usual = self.options, self.progress.step, gc.get_threshold()
        _, config = program.configuration(options.stack, options.root)
        _packaged(options.root)
        self.home.claim()
        self.later("directory", self.home.release)
        listener = listen(options.port, "--port")
        self.later("port", listener.close)
        self.cloud.region = options.config.get("aws:region") or config.get("aws:region", self.cloud.region)
        with step("local AWS services"):
            self.cloud.start(options.aws_port)
            self.later("cloud", self.cloud.stop)
            runtimes = self._install()
        with step("program"):
            self.ledger = self._run(runtimes)
            # Looking for garbage stops everything: what the program left stays until the end, the rest is rarely seen.
            gc.freeze()
            self.later("memory", gc.unfreeze)
            self.later("garbage", lambda: gc.set_threshold(*usual))
            gc.set_threshold(700, 10, 1000)
        with step("policies"):
            self._judge()
        with step("functions, jobs, events"):
            for runtime in runtimes.values():
                runtime.attach(self.ledger)
        with step("gateway"):
            self._serve(listener, runtimes)
            told = ("identities", "databases", "languages", "rotations", "recovery", "alarms", "tracing", "queues")
            self.notes += [note for name in (*told, "rights", "spending") for note in runtimes[name].notes]
        with step("demo user"):
            password = make(self.cloud.client("cognito-idp"), self.ledger.exports["user_pool_id"])
            tokens = self._tokens(password)
        state = self._state(listener.getsockname()[1], password, tokens)
        if options.train:
            from sandbox.first_model import train

            version = train(self, state)
            # The tokens of the start may have aged while the model was trained.
            state = self._state(listener.getsockname()[1], password, self._tokens(password), version)
        self.home.save(state)
        return state

    def close(self) -> None:
        """Ends what was started, the last first; a part that hangs is left behind after a while."""
        self._begun()
        while self._ends:
            name, end = self._ends.pop()
            bounded(name, end, self.options.close_s)

    def later(self, name: str, end: Callable[[], object]) -> None:
        """Remembers how to end a part that is about to start."""
        self._ends.append((name, end))

    def _kept(self, name: str, part: Part) -> Part:
        self.later(name, part.close)
        return part

    def _install(self) -> dict[str, Any]:
        """The runtimes, hooked into moto before the program runs."""
        from sandbox.alarms import Alarms
        from sandbox.cache import Caches
        from sandbox.containers import Containers
        from sandbox.database import Databases
        from sandbox.events import Events
        from sandbox.identity import Identities
        from sandbox.lambdas import Functions
        from sandbox.language import Languages
        from sandbox.recovery import Recovery
        from sandbox.replication import Replication
        from sandbox.rights.calls.runtime import Rights
        from sandbox.rotation import Rotations
        from sandbox.sources import Queues, Streams
        from sandbox.spending import Spending
        from sandbox.tracing.runtime import Tracing
        from sandbox.workflow import Workflows

        home = self.home.path
        rights = self._kept("rights", Rights(self.cloud, home))
        caches = self._kept("caches", Caches(self.cloud, home / "cache"))
        databases = self._kept("databases", Databases(self.cloud, home / "database", lambda: caches.ca_file.parent))
        tracing = self._kept("tracing", Tracing(home / "traces"))
        told = tracing.beside(caches.environment)
        functions = Functions(self.cloud, home / "functions", root=self.options.root, environment=told)
        functions.logs.tracer = tracing
        self.later("functions", functions.close)
        rotations = self._kept("rotations", Rotations(self.cloud, functions))
        # Ends after jobs and workflows: what they tell while they end must be heard.
        events = Events(self.cloud, home / "events")
        self.later("events", events.close)
        containers = Containers(self.cloud, home / "jobs")
        self.later("jobs and endpoints", containers.close)
        workflows = Workflows(self.cloud, home / "workflows")
        self.later("workflows", workflows.close)
        recovery = Recovery(self.cloud, functions, home / "releases")
        self.later("recovery", recovery.close)
        identities = Identities(self.cloud, functions, home / "identity", callers=self.cloud.callers)
        self.later("identities", identities.close)
        streams = self._kept("streams", Streams(self.cloud, functions, home / "streams"))
        queues = self._kept("queues", Queues(self.cloud, functions, home / "queues"))
        spending = self._kept("spending", Spending(self.cloud, home / "spending"))
        replication = Replication(self.cloud, home / "replication", lag_s=self.options.lag_s)
        self.later("replication", replication.close)
        alarms = Alarms(self.cloud, home / "alarms", scale=self.options.period_scale)
        alarms.measure(functions, containers)
        self.later("alarms", alarms.close)
        runtimes: dict[str, Any] = {
            "caches": caches,
            "databases": databases,
            "functions": functions,
            "rotations": rotations,
            "containers": containers,
            "workflows": workflows,
            "events": events,
            "recovery": recovery,
            "identities": identities,
            "languages": Languages(self.cloud),
            "streams": streams,
            "queues": queues,
            "replication": replication,
            "alarms": alarms,
            "spending": spending,
            "tracing": tracing,
            "rights": rights,  # the last one is asked first
        }
        for runtime in runtimes.values():
            runtime.install()
        return runtimes

    def _run(self, runtimes: dict[str, Any]) -> Ledger:
        from sandbox.first_model import called
        from sandbox.seam.create import Creator

        maker = Creator(self.cloud, runtimes["caches"], self.options.root, runtimes["databases"])
        options, functions, rights = self.options, runtimes["functions"], runtimes["rights"]

        def begun(ledger: Ledger) -> None:
            functions.follow(ledger)
            rights.follow(ledger)
            if options.train:
                ledger.watch(lambda resource: [functions.warm(arn) for arn in called(resource)])

        ledger = program.run(options.stack, maker, root=options.root, config=options.config, begun=begun)
        path = self.home.path / LEDGER
        path.touch(mode=0o600)
        path.write_text(ledger.to_json(), encoding="utf-8")
        return ledger

    def _judge(self) -> None:
        from policies.engine import check

        verdicts = check(self.ledger)
        if not verdicts.passed:
            raise StartError(f"the stack breaks the policies:\n{verdicts.table()}")
        self.verdicts = verdicts.summary()

    def _serve(self, listener: socket.socket, runtimes: dict[str, Any]) -> None:
        """The API of each region, and the commands that steer them."""
        from sandbox.control import ControlServer
        from sandbox.recovery.zones import Zones
        from sandbox.regions import Gateways, Regions

        functions, replication = runtimes["functions"], runtimes["replication"]
        tracing = runtimes["tracing"]
        self.gateways = Gateways(self.cloud, functions, tracing.after(runtimes["alarms"].meter.served), tracing.begin)
        self.gateways.serve(self.ledger, listener)
        self.later("gateway", self.gateways.close)
        self.notes = list(functions.notes)
        regions = Regions(self.ledger, self.cloud, self.gateways, replication, list(runtimes.values()))
        self.later("regions", regions.close)
        regions.start()
        zones = Zones(self.ledger, runtimes["caches"], functions)
        parts = (regions, zones, *(runtimes[name] for name in ("alarms", "spending", "rights")))
        commands = {name: command for part in parts for name, command in part.commands().items()}
        control = ControlServer(self.home.path, commands)
        self.later("control", control.close)
        if len(self.ledger.regions()) > 1:
            self.notes += [*replication.notes, *regions.notes, *runtimes["streams"].notes]

    def _tokens(self, password: str) -> tuple[str, str]:
        client = self.ledger.exports["user_pool_client_id"]
        return sign_in(self.cloud.client("cognito-idp"), client, USERNAME, password)

    def _state(self, port: int, password: str, tokens: tuple[str, str], version: str = "") -> State:
        return State(
            stack=self.options.stack,
            api_url=f"http://{HOST}:{port}/api/v1",
            aws_endpoint=self.cloud.endpoint,
            region=self.cloud.region,
            username=USERNAME,
            password=password,
            access_token=tokens[0],
            id_token=tokens[1],
            pid=os.getpid(),
            directory=str(self.home.path),
            model_version=version,
            outputs=self.ledger.exports,
            resources=summary(self.ledger),
            timings={**self.progress.timings, "total": self.progress.total()},
            policies=self.verdicts,
            notes=self.notes,
            regions=self.gateways.urls() if self.gateways is not None else {},
        )


def _packaged(root: Path) -> None:
    if not (root / "dist" / "manifest.json").is_file():
        raise StartError(f"{root / 'dist'} is missing or incomplete; run `make package`")
