"""Child processes that never outlive the sandbox: own group, own log file, ended in bounded time."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

GRACE_S = 2.0
"""How long a process may take to end by itself after SIGTERM."""

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Process:
    """One running child; made by `Processes.start`."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], log: Path | None) -> None:
        self.name = name
        self.log = log
        """The file that holds what it printed, None when `stdout` was given."""
        self.pid = popen.pid
        self._popen = popen
        self._ended = threading.Event()

    @property
    def returncode(self) -> int | None:
        """None while it runs; as in `subprocess`, -9 says that SIGKILL ended it."""
        return self._popen.returncode if self._ended.is_set() else None

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return not self._ended.is_set()

    def wait(self, timeout_s: float | None = None) -> int | None:
        """The exit status, or None when it still runs after the time."""
        self._ended.wait(timeout_s)
        return self.returncode

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the whole group; does nothing when it has ended."""
        if self.running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """Ends the whole group at once."""
        self.signal(signal.SIGKILL)

    def close(self, grace_s: float = GRACE_S) -> None:
        """Asks it to end, kills it when it does not within the time, and returns when it is gone."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)  # a stopped process would not see the first signal
        if self.wait(grace_s) is None:
            self.kill()
            self.wait(GRACE_S)

    def tail(self, limit: int = 2000) -> str:
        """The last characters of its log, for error messages."""
        if self.log is None:
            return ""
        with contextlib.suppress(OSError), self.log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - limit))
            return file.read().decode(errors="replace")
        return ""

    def reap(self, done: Callable[[Process], None]) -> None:
        """Waits for the end, ends what the process left behind, and tells; runs in a thread of its own."""
        if hasattr(os, "waitid"):
            # Not reaped yet, so the group's id cannot belong to anyone else while the rest of the group is killed.
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._ended.set()
        done(self)


class Processes:
    """The children of one runtime. `close()` ends all of them; the guard does if this process dies first."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        """Where the log files go: `<name>.log`."""
        self._lock = threading.Lock()
        self._running: dict[int, Process] = {}
        self._closed = False

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        directory: Path | None = None,
        stdin: bytes | None = None,
        stdout: int | IO[bytes] | None = None,
        pass_fds: Sequence[int] = (),
        on_exit: Callable[[Process], None] | None = None,
    ) -> Process:
        """Starts a child in a process group of its own.

        Args:
            name: names the log file; a second process of the same name continues it.
            command: program and arguments.
            environment: all that the child gets; begin with `inherited()`.
            directory: its working directory, by default this process's.
            stdin: what it reads; by default nothing.
            stdout: where both of its outputs go instead of the log file.
            pass_fds: open descriptors that it keeps.
            on_exit: called with the process in a thread of its own when it has ended, however that came.

        Raises:
            OSError: the program cannot be started.
            RuntimeError: this object is closed.
        """
        log = None if stdout is not None else self.directory / f"{name}.log"
        with contextlib.ExitStack() as stack:
            if log is not None:
                log.parent.mkdir(parents=True, exist_ok=True)
                stdout = stack.enter_context(log.open("ab"))
            with self._lock:
                if self._closed:
                    raise RuntimeError(f"cannot start {name}: the sandbox is ending")
                popen = subprocess.Popen(
                    [str(part) for part in command],
                    env=dict(environment),
                    cwd=directory,
                    stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=subprocess.STDOUT,
                    pass_fds=tuple(pass_fds),
                    start_new_session=True,
                )
                _GUARD.add(popen.pid)
                process = Process(name, popen, log)
                self._running[popen.pid] = process
        threading.Thread(target=process.reap, args=(self._ended(on_exit),), name=f"wait-{name}", daemon=True).start()
        if stdin is not None and popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError), popen.stdin as pipe:
                pipe.write(stdin)
        return process

    @property
    def running(self) -> list[Process]:
        """Those that have not ended yet."""
        with self._lock:
            return list(self._running.values())

    def close(self, grace_s: float = GRACE_S) -> None:
        """Ends all of them at the same time: asked first, killed after the grace. Nothing starts any more."""
        with self._lock:
            self._closed = True
            processes = list(self._running.values())
        for process in processes:
            process.signal(signal.SIGTERM)
            process.signal(signal.SIGCONT)
        until = time.monotonic() + grace_s
        for process in processes:
            process.wait(max(0.0, until - time.monotonic()))
            process.kill()
        for process in processes:
            process.wait(GRACE_S)

    def _ended(self, on_exit: Callable[[Process], None] | None) -> Callable[[Process], None]:
        def done(process: Process) -> None:
            with self._lock:
                self._running.pop(process.pid, None)
            _GUARD.remove(process.pid)
            if on_exit is not None:
                on_exit(process)

        return done


def inherited() -> dict[str, str]:
    """The part of this process's environment that any program needs: paths, language, temporary folder."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


class _Guard:
    """The process that ends all groups when this one is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._popen: subprocess.Popen[Any] | None = None

    def add(self, group: int) -> None:
        """Ties a group's life to this process."""
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Forgets a group that has ended."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Lets the guard end what is left, and itself."""
        with self._lock:
            if self._popen is not None and self._popen.stdin is not None:
                self._popen.stdin.close()
                self._popen = None

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._popen is None:
                script = Path(__file__).with_name("guard.py")
                self._popen = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(script)],
                    stdin=subprocess.PIPE,
                    bufsize=0,
                    start_new_session=True,
                )
                # It ends after this process; nobody is left to wait for it.
                self._popen.returncode = 0
                atexit.register(self.close)
            if self._popen.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._popen.stdin.write(line.encode())


_GUARD = _Guard()
