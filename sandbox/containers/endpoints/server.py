"""One model's serving process: unpacked, started, watched, restarted when it dies, asked over kept connections."""

from __future__ import annotations

import contextlib
import http.client
import logging
import queue
import shutil
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.containers.context import Context
from sandbox.containers.endpoints.model import REPOSITORY, Container, server_command
from sandbox.containers.logs import LogShipper
from sandbox.containers.opt_ml import OptMl
from sandbox.containers.storage import JobError, Storage, unpack
from sandbox.processes import Process

LOG = logging.getLogger(__name__)

HOST = "127.0.0.1"
PING_S = 2.0
LONGEST_PAUSE_S = 5.0
RESTART_S = 60.0
"""A process that was started again has this long to answer /ping."""


class ServerDownError(Exception):
    """The process does not run at the moment."""


class ServerTimeoutError(Exception):
    """The process did not answer in time."""


@dataclass(frozen=True)
class Answer:
    """What the model's process answered."""

    status: int
    content_type: str
    body: bytes
    custom_attributes: str = ""


class ModelServer:
    """Serves one variant. `start`, `wait_ready`, then `invoke` from any thread, and `close`."""

    def __init__(self, context: Context, region: str, name: str, container: Container, log: tuple[str, str]) -> None:
        self.name = name
        self._context = context
        self._region = region
        self._container = container
        self._cloud = context.in_role(container.role, region)
        self._log_names = log
        self._directory = context.directory / "endpoints" / region / name
        self._port = 0
        self._process: Process | None = None
        self._shipper: LogShipper | None = None
        self._connections: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._ready = threading.Event()
        self._deaths = 0
        self._place: OptMl | None = None

    def start(self) -> None:
        """Downloads the model and starts the process.

        Raises:
            JobError: the model cannot be fetched or unpacked.
        """
        storage = Storage(self._cloud.client("s3"))
        place = OptMl(self._directory)
        model = place.folder("/opt/ml/model")
        if self._container.compressed:
            archive = place.scratch / "model.tar.gz"
            storage.download(self._container.data_uri, archive)
            unpack(archive, model)
            archive.unlink()
        elif storage.download_prefix(self._container.data_uri, model) == 0:
            raise JobError(f"ClientError: no model data under {self._container.data_uri}")
        self._place = place
        own = server_command(model)[1] == "-m"
        LOG.info("endpoint process %s: the server is %s", self.name, "the model's own" if own else "the repository's")
        self._launch()

    def wait_ready(self, timeout_s: float) -> str:
        """Waits until `/ping` answers 200.

        Returns:
            Why it is not ready after the time or three deaths; empty when it is.
        """
        until = time.monotonic() + timeout_s
        while not self._closed.is_set():
            if self._ping():
                self._ready.set()
                return ""
            tail = self._process.tail(600).strip() if self._process is not None else ""
            if self._deaths >= 3:
                return f"the container ended {self._deaths} times: {tail}"
            if time.monotonic() >= until:
                return f"/ping did not answer 200 within {timeout_s:.0f} s: {tail}"
            time.sleep(0.05)
        return "the endpoint was deleted meanwhile"

    def invoke(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """Posts to `/invocations`.

        Raises:
            ServerDownError: the process has ended or does not listen; it is being started again.
            ServerTimeoutError: no answer within the time.
        """
        if not self._ready.is_set():
            raise ServerDownError("the model's process is being started again")
        connection = self._kept_connection(timeout_s)
        if connection is not None:
            # It may have been closed by the other side between two calls: that is no failure, the next one is new.
            with contextlib.suppress(ConnectionError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
                return self._ask(connection, body, headers, timeout_s)
        try:
            fresh = http.client.HTTPConnection(HOST, self._port, timeout=timeout_s)
            return self._ask(fresh, body, headers, timeout_s)
        except (OSError, http.client.HTTPException) as error:
            raise ServerDownError(f"the model's process ended during the call: {error}") from error

    @property
    def pid(self) -> int:
        """The process id, 0 before the start."""
        return self._process.pid if self._process is not None else 0

    def close(self) -> None:
        """Ends the process and removes the folder."""
        self._closed.set()
        self._ready.clear()
        with self._lock:
            process, shipper = self._process, self._shipper
        if process is not None:
            process.close()
        if shipper is not None:
            shipper.close()
        self._drop_connections()
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def _running(self) -> bool:
        return self._process is not None and self._process.running

    def _launch(self) -> Process | None:
        """Starts the process on a new port; None when the server was closed meanwhile."""
        place = self._place
        if place is None:
            raise RuntimeError("start() comes first")
        port = free_port()
        model = place.path("/opt/ml/model")
        code = model / "code"
        own = dict(self._container.environment)
        if not self._container.isolated:
            own = {**self._cloud.environment(), **own}
        variables = place.environment(
            {
                **own,
                "SM_MODEL_DIR": "/opt/ml/model",
                "SAGEMAKER_BASE_DIR": "/opt/ml",
                "SAGEMAKER_BIND_TO_PORT": str(port),
                "SM_NUM_CPUS": "1",
            }
        )
        # The archive's own code comes first; the server itself may be this repository's, for archives without one.
        variables["PYTHONPATH"] = f"{code}:{REPOSITORY}"
        words = server_command(model)
        with self._lock:
            if self._closed.is_set():
                return None
            began = time.monotonic()
            self._port = port
            self._process = self._context.processes.start(
                f"{self._region}-{self.name}",
                words,
                environment=variables,
                directory=code if code.is_dir() else model,
                on_exit=lambda _: self._ended(began),
            )
            if self._shipper is None and self._process.log is not None:
                logs = self._cloud.client("logs")
                self._shipper = LogShipper(logs, *self._log_names, self._process.log)
            return self._process

    def _ended(self, began: float) -> None:
        """Runs in a thread of its own when the process has ended: starts it again, later each time."""
        self._ready.clear()
        self._drop_connections()
        if self._closed.is_set():
            return
        self._deaths = self._deaths + 1 if time.monotonic() - began < 10 else 1
        if self._closed.wait(min(LONGEST_PAUSE_S, 0.1 * 2 ** (self._deaths - 1))):
            return
        try:
            launched = self._launch()
        except (RuntimeError, OSError):
            return  # the sandbox is ending
        until = time.monotonic() + RESTART_S
        while launched is not None and launched.running and not self._closed.is_set():
            if self._ping():
                self._ready.set()
                return
            if time.monotonic() >= until:
                launched.close()  # which begins this again
                return
            time.sleep(0.05)

    def _ping(self) -> bool:
        if not self._running:
            return False
        connection = http.client.HTTPConnection(HOST, self._port, timeout=PING_S)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _kept_connection(self, timeout_s: float) -> http.client.HTTPConnection | None:
        try:
            connection = self._connections.get_nowait()
        except queue.Empty:
            return None
        connection.timeout = timeout_s
        if connection.sock is not None:
            connection.sock.settimeout(timeout_s)
        return connection

    def _ask(
        self, connection: http.client.HTTPConnection, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> Answer:
        try:
            answer = _exchange(connection, body, headers)
        except TimeoutError as error:
            connection.close()
            raise ServerTimeoutError(f"no answer within {timeout_s:.0f} s") from error
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        self._connections.put(connection)
        return answer

    def _drop_connections(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._connections.get_nowait().close()


def _exchange(connection: http.client.HTTPConnection, body: bytes, headers: Mapping[str, str]) -> Answer:
    connection.request("POST", "/invocations", body, dict(headers))
    response = connection.getresponse()
    content = response.read()
    return Answer(
        response.status,
        response.getheader("Content-Type") or "application/octet-stream",
        content,
        response.getheader("X-Amzn-SageMaker-Custom-Attributes") or "",
    )


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port
