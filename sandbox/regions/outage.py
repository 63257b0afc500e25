"""Takes AWS services of a region away: connections of requests that belong to it break."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from sandbox.cloud import Application

GLOBAL = frozenset({"iam", "route53", "cloudfront", "organizations", "globalaccelerator", "budgets", "ce", "shield"})
"""Services without a region of their own. Most are steered from one region on AWS; here none of them is lost."""

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[\w-]+)/(?P<service>[\w-]+)/aws4_request")
_GRANTS = "/oauth2/token"
_POOL = re.compile(r"/(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)_\w+/\.well-known/")


class Outage:
    """The layer in front of the services. Regions in `lost` answer no more."""

    def __init__(self, account: str) -> None:
        self.lost: set[str] = set()
        self._account = account

    def layer(self, application: Application) -> Application:
        """The layer to put around the services."""

        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if self.lost and self.lost.intersection(self._regions(environ)):
                _break(environ)
            return application(environ, start_response)

        return answer

    def _regions(self, environ: dict[str, Any]) -> list[str]:
        """The regions that a request needs."""
        signed = environ.get("HTTP_AUTHORIZATION", "") or unquote(environ.get("QUERY_STRING", ""))
        path = environ.get("PATH_INFO", "")
        scope = _SCOPE.search(signed.replace("X-Amz-Credential=", "Credential="))
        if scope is None:
            pool = _POOL.match(path)
            return [pool["region"]] if pool else self._of_client(environ) if path == _GRANTS else []
        if scope["service"] in GLOBAL:
            return []
        if scope["service"] != "s3":
            return [scope["region"]]
        # A bucket lives in its own region, whichever one a request was signed for.
        named = [path, "/" + unquote(environ.get("HTTP_X_AMZ_COPY_SOURCE", "")).lstrip("/")]
        buckets = [name for name in (one.strip("/").split("/")[0] for one in named) if name]
        return [self._of_bucket(name) or scope["region"] for name in buckets] or [scope["region"]]

    def _of_client(self, environ: dict[str, Any]) -> list[str]:
        """The region of the user pool whose client asks for a token with its name and password."""
        from moto.cognitoidp.models import cognitoidp_backends

        kind, _, word = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind.lower() != "basic":
            return []
        try:
            client = unquote(base64.b64decode(word).decode().partition(":")[0])
        except ValueError:
            return []
        backends = list(cognitoidp_backends[self._account].items())
        return [region for region, one in backends if any(client in pool.clients for pool in one.user_pools.values())]

    def _of_bucket(self, name: str) -> str:
        from moto.s3.models import s3_backends

        found = s3_backends[self._account]["aws"].buckets.get(name)
        return str(found.region_name) if found is not None else ""


def _break(environ: dict[str, Any]) -> None:
    """Ends the connection without an answer, as a network does whose other end is gone."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            # Closing it alone would wait for the server, which still reads from it.
            connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("the region is lost")
