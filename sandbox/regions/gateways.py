"""The API of each region on a port of its own."""

from __future__ import annotations

import socket
from typing import Any

from sandbox.cloud import HOST, Cloud, listen
from sandbox.gateway import Server, app
from sandbox.gateway.chain import Begin, Served
from sandbox.gateway.declared.stage import STAGE
from sandbox.ledger import Ledger

ROUTES = "/api/v1"
"""What stands between the address of a gateway and a route."""


class Gateways:
    """One server a region that declares a stage; the first region's listens where the user asked for it."""

    def __init__(self, cloud: Cloud, functions: Any, served: Served | None = None, begin: Begin | None = None) -> None:
        self._cloud = cloud
        self._served, self._begin = served, begin
        self._functions = functions
        self._apps: dict[str, Any] = {}
        self._servers: dict[str, Server] = {}
        self.ports: dict[str, int] = {}
        """By region; a lost region keeps its port."""

    def serve(self, ledger: Ledger, listener: socket.socket) -> None:
        """Serves every region; DocumentError when a document cannot be served."""
        for region in ledger.regions():
            view, first = ledger.region(region), region == self._cloud.region
            if first or view.of_type(STAGE):
                # The gateway fetches what it needs, such as the keys of tokens, from its own region.
                self._apps[region] = app(
                    view, self._cloud.in_region(region), self._functions, self._served, self._begin
                )
                self._start(region, listener if first else listen(0, "the gateway's port"))
        if self._cloud.region not in self._apps:
            self._apps[self._cloud.region] = app(ledger, self._cloud, self._functions, self._served, self._begin)
            self._start(self._cloud.region, listener)

    def address(self, region: str) -> str:
        """Where the region's gateway listens; empty for a region without one."""
        return f"http://{HOST}:{self.ports[region]}" if region in self.ports else ""

    def api_url(self, region: str) -> str:
        """The address to which a route is appended; empty for a region without an API."""
        return f"{self.address(region)}{ROUTES}" if region in self.ports else ""

    def urls(self) -> dict[str, dict[str, str]]:
        """What `state.json` says of each region."""
        return {region: {"api_url": self.api_url(region)} for region in sorted(self.ports)}

    def lose(self, region: str) -> None:
        """Stops listening: connections are refused."""
        server = self._servers.pop(region, None)
        if server is not None:
            server.close()

    def recover(self, region: str) -> None:
        """Listens again on the same port."""
        if region in self._apps and region not in self._servers:
            self._start(region, listen(self.ports[region], "the gateway's port"))

    def close(self) -> None:
        """Stops listening in every region."""
        for region in list(self._servers):
            self.lose(region)

    def _start(self, region: str, listener: socket.socket) -> None:
        self.ports[region] = listener.getsockname()[1]
        self._servers[region] = Server(self._apps[region], self._functions.edge, listener=listener)
