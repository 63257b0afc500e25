"""What a drill works on: one running sandbox, its clients, and a user that is signed in."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.client import sign_in
from sandbox.cloud import local_client
from sandbox.control import Control
from sandbox.drill.client import RATE
from sandbox.drill.journal import Journal
from sandbox.first_model import DATA, sample
from sandbox.program import ROOT
from sandbox.state import Home, State

_TOKEN_S = 1500.0
"""Tokens live for an hour or less; a drill that is continued later signs in again."""


@dataclass
class Context:
    """The sandbox that a drill is about."""

    home: Home
    state: State
    journal: Journal
    root: Path = ROOT
    rate: float = RATE
    """Writes a second on each of the client's channels."""
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, directory: Path, journal: Journal | None = None) -> Context:
        """The sandbox that runs in a directory; StateError when none does."""
        home = Home(directory)
        return cls(home, home.load(), journal or Journal(home.path))

    @property
    def prefix(self) -> str:
        """How the physical names of the stack begin."""
        name: str = self.state.outputs["endpoint_name"]
        return name.removesuffix("-predict")

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, with addresses that answer on this machine in place of those of AWS."""
        here: dict[str, Any] = {"api_url": self.state.api_url}
        second = self.state.outputs.get("standby_region")
        if second:
            regions = Control(self.home.path).status()["regions"]
            here["standby_api_url"] = next(region["api_url"] for region in regions if region["name"] == second)
        return {**self.state.outputs, **here}

    def client(self, service: str, region: str = "") -> Any:
        """A client of the SDK; short of patience, since what does not answer is what a drill is about."""
        key = (service, region or self.state.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = local_client(service, self.state.aws_endpoint, key[1], read_timeout_s=10)
            return self._clients[key]

    def token(self) -> str:
        """An access token of the demo user, renewed before it ends."""
        with self._lock:
            token, until = self._tokens.get("demo", ("", 0.0))
        if time.monotonic() >= until:
            client_id = self.state.outputs["user_pool_client_id"]
            cognito = self.client("cognito-idp")
            token, _ = sign_in(cognito, client_id, self.state.username, self.state.password)
            with self._lock:
                self._tokens["demo"] = (token, time.monotonic() + _TOKEN_S)
        return token

    def row(self) -> dict[str, Any]:
        """A row that the models of the data set that is packed take."""
        return sample(self.root / DATA)
