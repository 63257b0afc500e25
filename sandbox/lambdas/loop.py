"""One event loop in a thread of its own: the gateway and the functions' runtime API share it."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sandbox.processes.named import name_thread

T = TypeVar("T")

SWITCH_S = 0.0005
EVERY_S = 0.02
"""How often deadlines are looked at."""


class Deadlines:
    """What is called when something took too long: one timer for all, since making one costs more than keeping it.

    They come up to `EVERY_S` late. For use on the loop alone.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[int, tuple[float, Callable[[], object]]] = {}
        self._last = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, seconds: float, call: Callable[[], object]) -> int:
        """Calls after a time, unless the number that this gives is removed before."""
        self._last += 1
        self._waiting[self._last] = (self._loop.time() + seconds, call)
        if self._timer is None:
            self._timer = self._loop.call_later(EVERY_S, self._look)
        return self._last

    def remove(self, number: int) -> None:
        """Forgets one; does nothing where it has been called already."""
        self._waiting.pop(number, None)

    async def within(self, done: asyncio.Future[T], seconds: float | None) -> T:
        """The result of a future; TimeoutError, also for all others who wait for it, when it is not there in time."""
        if seconds is None:
            return await done

        def late() -> None:
            if not done.done():
                done.set_exception(TimeoutError())

        number = self.add(seconds, late)
        try:
            return await done
        finally:
            self.remove(number)

    def _look(self) -> None:
        now = self._loop.time()
        late = [number for number, (until, _) in self._waiting.items() if until <= now]
        self._timer = self._loop.call_later(EVERY_S, self._look) if len(self._waiting) > len(late) else None
        for number in late:
            _, call = self._waiting.pop(number)
            call()


class LoopThread:
    """Runs coroutines for other threads until it is closed."""

    def __init__(self, name: str = "edge") -> None:
        self.loop = _new_loop()
        self.deadlines = Deadlines(self.loop)
        # A busy thread of the local cloud gives the interpreter back after this time; the usual 5 ms are what the last
        # of a hundred requests would wait.
        self._interval_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float | None = None) -> T:
        """Runs a coroutine on the loop and waits for its result; not for use on the loop's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def close(self) -> None:
        """Cancels what still runs, and ends the thread."""
        if self.loop.is_closed():
            return
        self.run(_cancel_all(), 5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()
        sys.setswitchinterval(self._interval_s)

    def _run(self) -> None:
        name_thread(self._thread.name)
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _new_loop() -> asyncio.AbstractEventLoop:
    """A loop of uvloop where that is installed: a request costs half of what it does on the standard loop."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
