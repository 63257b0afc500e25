"""The surroundings of a function instance: its variables, its module path, the interpreter, its memory."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.callers import Caller
from sandbox.cloud import Cloud
from sandbox.lambdas.archives import host
from sandbox.lambdas.plan import Plan
from sandbox.processes import inherited
from sandbox.rights.calls.errands import check_start

SOURCE = "lambda:sourcefunctionarn"
"""Condition key that goes with calls of a function's code, and not with those that Lambda makes in its role."""
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Place:
    """Where one instance lives on this machine."""

    task: Path
    """What is /var/task on AWS."""
    layers: Sequence[Path]
    """Module folders of the layers, in the order of the function's list."""
    runtime: Path
    """What is /var/runtime."""
    scratch: Path
    """What is /tmp."""
    api: str
    """Address of the runtime API."""
    stream: str
    """Name of the log stream."""
    version: str
    identity: Mapping[str, str]
    """The variables by which it reaches the services, as the caller that it is."""


def variables(plan: Plan, place: Place, extra: Mapping[str, str]) -> dict[str, str]:
    """All variables of an instance: a declared one never replaces one that Lambda or the sandbox sets."""
    modules = [place.task, *place.layers, place.runtime]
    return {
        **inherited(),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **plan.environment,
        **place.identity,
        **extra,
        **_reserved(plan, place),
        "PYTHONPATH": os.pathsep.join(str(folder) for folder in modules),
        "TMPDIR": str(place.scratch),
        "HOME": str(place.scratch),
    }


def identity(cloud: Cloud, plan: Plan) -> dict[str, str]:
    """The variables by which an instance reaches the services: in its role, and its calls tell which function it is.

    Raises:
        RoleError: the role does not let Lambda start the function.
    """
    check_start(plan, cloud.judge)
    if not plan.role:
        return cloud.environment()
    return cloud.acting(Caller(plan.role, plan.name, {SOURCE: (plan.arn,)}, plan.placed)).environment()


def command(handler: str) -> list[str]:
    """How the runtime client is started.

    The interpreter is the one below the virtual environment, and `-S` keeps its packages away: a function that needs
    what is not in its layer fails here as on AWS.
    """
    interpreter = str(getattr(sys, "_base_executable", "") or sys.executable)
    return [interpreter, "-S", "-m", "awslambdaric", handler]


def in_turn(pid: int) -> None:
    """Lets a process wait for its turn where it is woken, in place of cutting off whoever has woken it.

    That is the gateway nearly always, which holds its interpreter meanwhile: all other calls would wait with it. Only
    Linux has this.
    """
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))


def resident_mb(pid: int) -> int:
    """Memory of a process in MB; 0 where it cannot be read."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        # Without a Path and a reader of text: this is asked of every instance a few times a second.
        file = os.open(f"/proc/{pid}/statm", os.O_RDONLY)
        try:
            return int(os.read(file, 256).split()[1]) * _PAGE // (1024 * 1024)
        finally:
            os.close(file)
    return 0


def _reserved(plan: Plan, place: Place) -> dict[str, str]:
    """Variables that Lambda sets and no function may."""
    json_logs = {"AWS_LAMBDA_LOG_FORMAT": "JSON"} if plan.json_logs else {}
    level = {"AWS_LAMBDA_LOG_LEVEL": plan.log_level} if plan.log_level else {}
    return {
        "_HANDLER": plan.handler,
        "AWS_REGION": plan.region,
        "AWS_DEFAULT_REGION": plan.region,
        # What runs, not what is declared: the runtime client chooses its ways by it.
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{host()[1]}",
        "AWS_LAMBDA_FUNCTION_NAME": plan.name,
        "AWS_LAMBDA_FUNCTION_VERSION": place.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(plan.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": plan.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": place.stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": place.api,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_TASK_ROOT": str(place.task),
        "LAMBDA_RUNTIME_DIR": str(place.runtime),
        **json_logs,
        **level,
    }
