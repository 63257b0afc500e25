"""One local AWS endpoint in this process: moto's services behind 127.0.0.1, and clients that reach nothing else."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from sandbox.callers import KEY, Caller, Callers, variables
from sandbox.cloud.clients import local_client, one_loader
from sandbox.cloud.ports import HOST, listen

ACCOUNT = "123456789012"

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems", "ExecuteStatement")
_WHOLE = ("CreateBackup", "DescribeTable", "Query", "RestoreTableFromBackup", "RestoreTableToPointInTime", "Scan")
_ALONE = frozenset(f"DynamoDB_20120810.{operation}" for operation in (*_WRITES, *_WHOLE))
"""Writes to tables, and what goes over all items of one: an item that comes in meanwhile would end it with an error."""

Judge = Callable[[Caller, str, str, str], str]
"""Caller, action, resource and region → why IAM refuses it; empty when it does not."""


class Cloud:
    """The state of the AWS services. moto keeps it once per process, so one Cloud runs at a time."""

    _running: Cloud | None = None
    _used = False
    """Whether moto holds what an earlier cloud of this process left."""

    def __init__(self, region: str = "us-east-1") -> None:
        self.account = ACCOUNT
        self.region = region
        self.port = 0
        self.lock = threading.RLock()
        """Held wherever moto is not safe for threads."""
        self.callers = Callers()
        """Who else than the administrator has keys."""
        self.judge: Judge = allowed
        """Says why a call is refused that does not come over HTTP."""
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._clients_lock = threading.Lock()
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self._application: Application | None = None

    @property
    def endpoint(self) -> str:
        """The address that every SDK and the AWS CLI can use as endpoint."""
        return f"http://{HOST}:{self.port}"

    def start(self, port: int = 4566) -> None:
        """Listens on the port (0: any free one) with empty services; PortInUseError when it is taken."""
        if Cloud._running is not None:
            raise RuntimeError(
                f"a local cloud already runs in this process on {Cloud._running.endpoint}; stop it first"
            )
        from sandbox.cloud.serving import Server

        with listen(port, "--aws-port") as listener:
            self.port = listener.getsockname()[1]
            # moto's Step Functions interpreter looks for the server here.
            os.environ["MOTO_PORT"] = str(self.port)
            # Nothing starts a machine, and reading moto's images of machines takes a second.
            os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
            one_loader()
            if Cloud._used:
                _reset()
            self._server = Server(listener, self._answer)
        Cloud._running = self
        Cloud._used = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="aws", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Closes the port; does nothing when it was not started. The next start begins with empty services."""
        if Cloud._running is not self:
            return
        self._server.shutdown()
        self._server.server_close()
        if self._thread is not None:
            self._thread.join(timeout=5)
        for client in self._clients.values():
            with contextlib.suppress(OSError):
                client.close()
        self._clients.clear()
        Cloud._running = None

    def wrap(self, layer: Callable[[Application], Application]) -> None:
        """Puts a WSGI layer in front of moto, for operations that moto lacks. The last one added is asked first."""
        if self._application is None:
            self._application = _dispatcher()
        self._application = layer(self._application)

    def client(self, service: str, region: str | None = None, key: str = KEY) -> Any:
        """A boto3 client for the local services, one per service, region and key, safe to share between threads."""
        wanted = (service, region or self.region, key)
        with self._clients_lock:
            if wanted not in self._clients:
                self._clients[wanted] = local_client(service, self.endpoint, region or self.region, key=key)
            return self._clients[wanted]

    def in_region(self, region: str) -> RegionalCloud:
        """The same services, seen from another region."""
        return RegionalCloud(self, region)

    def acting(self, caller: Caller, region: str | None = None) -> RegionalCloud:
        """The same services, called by somebody whose rights are judged."""
        return RegionalCloud(self, region or self.region, self.callers.key(caller))

    def in_role(self, arn: str, session: str, region: str | None = None) -> RegionalCloud:
        """The same services, called in a role; by the administrator for a part that was declared without one."""
        return RegionalCloud(self, region or self.region, self.callers.role(arn, session))

    def environment(self, key: str = KEY) -> dict[str, str]:
        """What a child process needs to reach the local services, and nothing of the user's own AWS set-up."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            **variables(key),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Every request to the endpoint comes through here."""
        if self._application is None:
            self._application = _dispatcher()
        if environ.get("HTTP_X_AMZ_TARGET") in _ALONE:
            # A transaction that fails puts back a copy of the whole table and would undo writes made meanwhile.
            with self.lock:
                return list(self._application(environ, start_response))
        return self._application(environ, start_response)


class RegionalCloud:
    """A running cloud seen from one region, by one caller: clients are of that region unless they name another."""

    def __init__(self, cloud: Cloud, region: str, key: str = KEY) -> None:
        self.region = region
        self.account, self.judge = cloud.account, cloud.judge
        self._cloud = cloud
        self._key = key

    @property
    def endpoint(self) -> str:
        """The address of the services, the same for every region."""
        return self._cloud.endpoint

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client, of this region when none is named."""
        return self._cloud.client(service, region or self.region, self._key)

    def environment(self) -> dict[str, str]:
        """What a child process needs to reach the services from this region."""
        regions = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        return {**self._cloud.environment(self._key), **regions}


def allowed(*_: object) -> str:
    """The judge of a cloud in which nobody's rights are looked at."""
    return ""


def _dispatcher() -> Application:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    dispatcher: Any = DomainDispatcherApplication(create_backend_app)
    # moto lists its folders anew for each request to tell whose it is.
    dispatcher.get_backend_for_host = lru_cache(1024)(dispatcher.get_backend_for_host)
    found: Application = dispatcher
    return found


def _reset() -> None:
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data

    BackendDict.reset()
    reset_model_data()
