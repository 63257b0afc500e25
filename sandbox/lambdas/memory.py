"""Ends instances that hold more memory than their function is declared to have, as Lambda does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from sandbox.lambdas.environment import resident_mb
from sandbox.lambdas.pool import Pool

EVERY_S = 0.25
"""How often the memory of each instance is read."""


def watch(loop: asyncio.AbstractEventLoop, pools: Callable[[], Iterable[Pool]]) -> None:
    """Looks at every instance again and again, until the loop ends; called on the loop."""
    for pool in pools():
        for instance in pool.instances:
            if instance.process is not None and (used := resident_mb(instance.process.pid)):
                instance.memory_mb = max(instance.memory_mb, used)
                if used > pool.plan.memory_mb:
                    instance.kill()
    loop.call_later(EVERY_S, watch, loop, pools)
