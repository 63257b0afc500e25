"""All declared functions, ready to be called: by name, ARN or alias, from any thread."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.cloud import HOST, Cloud, listen
from sandbox.lambdas import asynchronous, memory
from sandbox.lambdas.archives import Archives, host
from sandbox.lambdas.environment import Place, command, identity, in_turn, variables
from sandbox.lambdas.hooks import Hooks
from sandbox.lambdas.instance import MAX_PAYLOAD, Call, Instance, Invocation, Record, new_id
from sandbox.lambdas.logs import Logs
from sandbox.lambdas.loop import LoopThread
from sandbox.lambdas.plan import LostRegionError, NoSuchFunctionError, PayloadTooLargeError, Plan, parse, plans
from sandbox.lambdas.pool import Pool
from sandbox.lambdas.runtime_api import RuntimeApi
from sandbox.ledger import Ledger
from sandbox.processes import Process, Processes

MAX_EVENT = 1024 * 1024
"""Bytes that Lambda takes for an event that nobody waits for."""


class Functions:
    """Runs functions in processes of AWS's runtime client, started on demand and kept warm.

    Args:
        cloud: the local AWS services, which the functions reach and which keep their logs.
        directory: where archives are unpacked and each instance prints.
        root: the project's folder, where declared paths begin; by default the working directory.
        environment: what every function gets beside its own variables, such as the trust store of the caches;
            asked each time an instance starts.
        instances: how many instances of one function may run at the same time.
    """

    def __init__(
        self,
        cloud: Cloud,
        directory: Path,
        *,
        root: Path | None = None,
        environment: Callable[[], Mapping[str, str]] = dict,
        instances: int | None = None,
    ) -> None:
        self.cloud = cloud
        self.directory = directory.resolve()
        self.edge = LoopThread()
        """The event loop that the gateway is served on as well, so that a call changes no thread."""
        self.loop = self.edge.loop
        self.logs = Logs(cloud)
        self.plans: dict[tuple[str, str], Plan] = {}
        self.notes: list[str] = []
        """What differs from AWS for the functions of this stack, for the report."""
        self._environment = environment
        self._instances = instances or 1 + max(2, os.cpu_count() or 2)  # one works while others wait for the gateway
        self._archives = Archives(self.directory / "code", (root or Path.cwd()).resolve(), self._fetch)
        self._processes = Processes(self.directory / "logs")
        self._pools: dict[tuple[str, str, str], Pool] = {}
        self._events: set[asyncio.Task[None]] = set()
        self._hooks = Hooks(self)
        self._growing: Ledger | None = None
        self._lost: set[str] = set()
        self._count, self._closed = 0, False

    def install(self) -> None:
        """Lets the local cloud's Invoke, and all its services that call functions, come here."""
        self._hooks.install()

    def attach(self, ledger: Ledger) -> None:
        """Takes over what the program declared; ValueError when a function cannot be run here."""
        self._growing, self.plans = None, plans(ledger)
        _, runtime = host()
        notes = [
            f"function {plan.name}: declared {plan.runtime}, runs on {runtime}"
            for plan in self.plans.values()
            if plan.runtime != runtime
        ]
        self.notes = [*notes, *self._layer_notes(), *NOTES]
        self.loop.call_soon_threadsafe(memory.watch, self.loop, self._pools.values)

    def follow(self, ledger: Ledger) -> None:
        """Lets functions be called while the program still runs, each from the moment it is declared."""
        self._growing = ledger

    def find(self, name_or_arn: str, qualifier: str = "") -> tuple[Plan, str]:
        """A function and the qualifier that it was called by; NoSuchFunctionError when there is none."""
        region, name, own = parse(name_or_arn)
        region = region or self.cloud.region
        self.plans = plans(self._growing) if self._growing is not None else self.plans
        try:
            plan = self.plans[region, name]
        except KeyError:
            raise NoSuchFunctionError.of(region, self.cloud.account, name) from None
        if region in self._lost:
            raise LostRegionError(f"region {region} is lost")
        plan.version(qualifier or own)
        return plan, qualifier or own

    def lose(self, region: str) -> None:
        """Ends every instance of a region; calls are refused until `recover`."""
        self._lost.add(region)
        self.loop.call_soon_threadsafe(self._leave, region)

    def recover(self, region: str) -> None:
        """Takes calls for a region again."""
        self._lost.discard(region)

    def release(self, plan: Plan, changed: str = "") -> None:
        """Takes over the versions and aliases that a deployed function has now; instances of `changed` end."""
        self.plans[plan.region, plan.name] = plan
        if changed:
            self.loop.call_soon_threadsafe(self._discard, (plan.region, plan.name, changed))

    def end(self, chosen: Callable[[Plan, int], bool]) -> None:
        """Ends the instances that are chosen by their function and their number in it; their calls fail."""
        for pool in list(self._pools.values()):
            self.loop.call_soon_threadsafe(pool.end, chosen)

    def warm(self, name_or_arn: str) -> None:
        """Starts a first instance of a function ahead of its first call, as provisioned concurrency does."""
        plan, qualifier = self.find(name_or_arn)
        self.loop.call_soon_threadsafe(lambda: self._pool(plan, qualifier).warm())

    async def invoke(
        self,
        name_or_arn: str,
        payload: bytes,
        *,
        timeout_s: float | None = None,
        qualifier: str = "",
        trace: str = "",
        tail: bool = False,
    ) -> Invocation:
        """Calls a function and waits for its answer.

        Args:
            name_or_arn: a name or ARN, with or without version or alias.
            payload: the event as JSON.
            timeout_s: how long to wait; TimeoutError after it, while the function goes on.
            qualifier: a version or an alias, when the name has none.
            trace: the X-Ray header that the function sees.
            tail: whether to give the end of the log also for a call that succeeds.

        Raises:
            FunctionError: Lambda refused the call: unknown function, no concurrency left, payload too large.
            ValueError: the function cannot be started on this machine; the message says why.
        """
        work = self._invoke(*self.find(name_or_arn, qualifier), payload, trace, tail=tail, timeout_s=timeout_s)
        if asyncio.get_running_loop() is self.loop:
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Invocation:
        """`invoke` for a thread that may wait."""
        return self.edge.run(self.invoke(name_or_arn, payload, **options))

    def send(self, name_or_arn: str, payload: bytes, qualifier: str = "") -> str:
        """Calls a function without waiting, with retries and destinations; gives the request id."""
        plan, used = self.find(name_or_arn, qualifier)
        if len(payload) > MAX_EVENT:
            raise PayloadTooLargeError(_too_large(len(payload), MAX_EVENT))
        self.loop.call_soon_threadsafe(self._send, plan, used, payload)
        return new_id()

    def flush_logs(self) -> None:
        """Delivers what the functions printed so far."""
        self.logs.flush()

    def close(self) -> None:
        """Ends every instance; calls that run are answered as for a killed function."""
        if self._closed:
            return
        self._closed = True
        self._processes.close(grace_s=0)
        with contextlib.suppress(TimeoutError):
            self.edge.run(self._drain(), 5)
        self.logs.close()
        self.edge.close()
        self._hooks.uninstall()

    def launch(self, pool: Pool) -> Instance:
        """Starts one more instance of a pool; called on the loop."""
        plan = pool.plan
        self._count += 1
        name = f"{plan.name}-{self._count}"
        place = self._place(pool, name)
        instance = Instance(plan, pool.version, place.stream, pool, self.loop, self.edge.deadlines)
        listener = listen(0, "the runtime API's port")
        place = replace(place, api=f"{HOST}:{listener.getsockname()[1]}")
        serving = self.loop.create_task(self.loop.create_server(lambda: RuntimeApi(instance), sock=listener))
        serving.add_done_callback(lambda done: setattr(instance, "server", done.result()))
        process = self._processes.start(
            name,
            command(plan.handler),
            environment=variables(plan, place, self._environment()),
            directory=place.task,
            on_exit=lambda ended: self._exited(instance, ended),
        )
        in_turn(process.pid)
        if process.log is None:
            raise RuntimeError(f"function {plan.name} has no log file")
        instance.started(process, process.log)
        return instance

    def record(self, record: Record) -> None:
        """Keeps what is to be logged about one invocation."""
        self.logs.record(record)

    def _place(self, pool: Pool, name: str) -> Place:
        plan = pool.plan
        layers = [self._archives.layer(layer, plan)[0] for layer in plan.layers]
        scratch = self.directory / "tmp" / name
        scratch.mkdir(parents=True, exist_ok=True)
        return Place(
            task=self._archives.code(replace(plan, code=plan.codes.get(pool.version, plan.code))),
            layers=[folder for layer in layers for folder in layer],
            runtime=self._archives.runtime(),
            scratch=scratch,
            api="",
            stream=f"{dt.datetime.now(dt.timezone.utc):%Y/%m/%d}/[{pool.version}]{uuid.uuid4().hex}",
            version=pool.version,
            identity=identity(self.cloud, plan),
        )

    async def _invoke(
        self, plan: Plan, qualifier: str, payload: bytes, trace: str, *, tail: bool, timeout_s: float | None
    ) -> Invocation:
        if len(payload) > MAX_PAYLOAD:
            raise PayloadTooLargeError(_too_large(len(payload), MAX_PAYLOAD))
        call = Call(new_id(), plan.qualified(qualifier), payload, trace, self.loop.create_future(), tail)
        self.logs.counted(plan, call, self._pool(plan, qualifier).submit)
        return await self.edge.deadlines.within(call.done, timeout_s)

    def _pool(self, plan: Plan, qualifier: str) -> Pool:
        key = (plan.region, plan.name, plan.version(qualifier))
        if key not in self._pools:
            self._pools[key] = Pool(plan, key[2], self, self._instances)
        return self._pools[key]

    def _discard(self, key: tuple[str, str, str]) -> None:
        """The next call of a version starts a new instance; what runs is cut off, as when its host goes."""
        for instance in list(self._pools.pop(key).instances) if key in self._pools else []:
            instance.kill()

    def _leave(self, region: str) -> None:
        for key, pool in [(key, pool) for key, pool in self._pools.items() if key[0] == region]:
            pool.fail(LostRegionError(f"region {region} is lost"))
            self._discard(key)

    def _send(self, plan: Plan, qualifier: str, payload: bytes) -> None:
        task = self.loop.create_task(
            asynchronous.deliver(
                plan,
                qualifier,
                payload,
                lambda: self.invoke(plan.arn, payload, qualifier=qualifier),
                self.cloud.in_role(plan.role, plan.name),
            ),
        )
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    def _exited(self, instance: Instance, process: Process) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed when the sandbox has ended
            self.loop.call_soon_threadsafe(instance.exited, process.returncode)

    async def _drain(self) -> None:
        """Waits until the end of every instance was noticed."""
        instances = [instance for pool in self._pools.values() for instance in pool.instances]
        await asyncio.gather(*(instance.closed.wait() for instance in instances))
        for pool in self._pools.values():
            pool.fail(RuntimeError("the sandbox is ending"))

    def _layer_notes(self) -> list[str]:
        found = (self._archives.layer(layer, plan)[1] for plan in self.plans.values() for layer in plan.layers)
        return sorted({note for note in found if note})

    def _fetch(self, bucket: str, key: str) -> bytes:
        content: bytes = self.cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return content


NOTES = (
    f"function memory is read every {memory.EVERY_S} s and only on Linux; a shorter peak above the limit passes",
    "functions get the machine's processors, whatever their memory",
    f"failed events are tried again after {' and '.join(str(s) for s in asynchronous.RETRY_S)} s, not after minutes",
)


def _too_large(size: int, limit: int) -> str:
    return f"Request must be smaller than {limit} bytes for the InvokeFunction operation, got {size} bytes"
