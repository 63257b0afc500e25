"""A sandbox that is started by the real command, and what a test asks of it from outside."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import boto3
from botocore.config import Config
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.first_model import DATA, sample
from sandbox.state import Home, State

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[3]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def eventually(ready: Callable[[], T], limit_s: float, what: str) -> T:
    """The first answer that is true."""
    deadline = time.monotonic() + limit_s
    while True:
        found = ready()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} within {limit_s:.0f} s; last: {found!r}")
        time.sleep(0.2)


class Place:
    """A directory for one sandbox. Its path is on every process that the sandbox starts: that is how they are found."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="mlp-"))
        self.home, self.temporary = self.path / "home", self.path / "tmp"
        self.temporary.mkdir()
        self.port, self.aws_port = free_port(), free_port()

    def command(self, *words: str) -> list[str]:
        """The command line of a sandbox here."""
        return [sys.executable, "-m", "sandbox", *words, "--directory", str(self.home)]

    def up(self, *words: str) -> list[str]:
        """The command line that starts it on the ports of this place."""
        return self.command("up", "--port", str(self.port), "--aws-port", str(self.aws_port), *words)

    def start(self, command: list[str]) -> subprocess.Popen[str]:
        """Starts a command in a session of its own, so that a signal to it is no signal to the tests."""
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, command: list[str], limit_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        process = self.start(command)
        try:
            out, err = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            # With what it started: what a half-done command does on its own would fail the tests that follow.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def processes(self) -> dict[int, str]:
        """Every living process of this sandbox: id → command line."""
        mark, found = str(self.path).encode(), {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if words and (mark in words or mark in environment):
                found[int(folder.name)] = words.replace(b"\0", b" ").decode(errors="replace").strip()
        return found

    def gone(self) -> None:
        """Nothing that was started here runs any more, and no temporary file is left."""
        eventually(lambda: not self.processes(), 5, f"no process is left: {self.processes()}")
        left = [path.name for path in self.temporary.iterdir()]
        assert left == [], f"left in the temporary directory: {left}"
        assert not (self.home / "state.json").exists()
        shutil.rmtree(self.path)


@dataclass(frozen=True)
class Deployed:
    """A sandbox that is ready."""

    place: Place
    state: State

    @classmethod
    def of(cls, place: Place) -> Deployed:
        """The sandbox that runs at a place."""
        return cls(place, Home(place.home).load())

    def client(self, service: str) -> Any:
        """An ordinary client of the AWS SDK."""
        return boto3.session.Session().client(
            service,
            endpoint_url=self.state.aws_endpoint,
            region_name=self.state.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )

    def code(self, to: str) -> str:
        """The newest code that was sent to an address."""
        status, answer = self.ask(f"/_sandbox/messages?to={quote(to)}")
        assert status == 200
        return str(answer["messages"][-1]["code"])

    def ask(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> tuple[int, Any]:
        """A plain request to the AWS endpoint, a POST where there is a form."""
        where = urlsplit(self.state.aws_endpoint)
        sent = None if form is None else urlencode(form)
        with closing(http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)) as connection:
            connection.request("GET" if sent is None else "POST", path, sent, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def pool_key(self) -> tuple[str, Any]:
        """Id and private half of the user pool's newest key."""
        folder = self.place.home / "identity" / self.state.outputs["user_pool_id"]
        newest = max(folder.glob("*.pem"), key=lambda path: path.stat().st_mtime_ns)
        return newest.stem, load_pem_private_key(newest.read_bytes(), None)

    def kill(self, words: str) -> int:
        """Kills the one process with these words in its command line, and gives its id."""
        found = [number for number, command in self.place.processes().items() if words in command]
        assert len(found) == 1, self.place.processes()
        os.kill(found[0], signal.SIGKILL)
        return found[0]

    def upload(self, name: str, content: bytes) -> str:
        """Puts a file below `uploads/` of the raw bucket, and gives its key."""
        key = f"uploads/{name}"
        self.client("s3").put_object(Bucket=self.state.outputs["raw_bucket"], Key=key, Body=content)
        return key

    def item(self, key: str) -> dict[str, Any] | None:
        """The item of the models table that was made from an uploaded file."""
        rows = self.client("dynamodb").scan(TableName=self.table("models"), ConsistentRead=True)["Items"]
        found = [row for row in rows if row.get("data", {}).get("M", {}).get("key", {}).get("S") == key]
        return found[0] if found else None

    def version(self, key: str, status: str, limit_s: float = 150) -> str:
        """The version that was made from a file, once it has this status."""

        def reached() -> str:
            item = self.item(key)
            return item["version"]["S"] if item is not None and item["status"]["S"] == status else ""

        return eventually(reached, limit_s, f"{key} becomes {status}, not {(self.item(key) or {}).get('status')},")

    def judged(self, key: str) -> dict[str, Any]:
        """The item of a file, once its model was judged."""

        def found() -> dict[str, Any]:
            item = self.item(key)
            return item if item is not None and item["status"]["S"] not in {"Training", "Deploying"} else {}

        return eventually(found, 150, f"the model of {key} is judged")

    def executions(self, key: str) -> list[dict[str, Any]]:
        """Every execution of the training that is about a file, described."""
        client, machine = self.client("stepfunctions"), self.state.outputs["state_machine_arn"]
        rows = client.list_executions(stateMachineArn=machine, maxResults=200)["executions"]
        described = [client.describe_execution(executionArn=row["executionArn"]) for row in rows]
        return [row for row in described if f'"{key}"' in row["input"]]

    def table(self, name: str) -> str:
        """A table's name."""
        return f"mlplatform-{self.state.stack}-{name}"

    def log_lines(self, group: str) -> list[str]:
        """Every line of a log group."""
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]


@dataclass(frozen=True)
class Uploads:
    """Keys of files that were uploaded as soon as the sandboxes were ready, so that they train meanwhile."""

    wine: str
    bad: dict[str, str]
    noisy: str
    clean: str
    notifications: str
    """Queue that hears what the training's topic publishes."""


def row_of(**changes: Any) -> dict[str, Any]:
    """A row that each model of the tests takes."""
    return {**sample(ROOT / DATA), **changes}
