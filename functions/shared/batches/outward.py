"""Where a callback may go: to public addresses of the internet by HTTPS, and nowhere else.

What is refused: other schemes and ports, user names, addresses that lead back into this network or account, and those
that carry another address inside (mapped, 6to4, Teredo, NAT64), since no public service is published under them.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

LONGEST: Final = 2048
HTTPS_PORT: Final = 443

_PRINTED: Final = re.compile(r"[!-~]+")
_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
# The last label begins with a letter: 127.1, 0x7f.1 and 2130706433 are addresses to a resolver, and names to nobody.
_NAME: Final = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_INSIDE: Final = (".localhost", ".local", ".localdomain", ".internal", ".home.arpa", ".lan", ".intranet")

_GLOBAL_IPV6: Final = ipaddress.ip_network("2000::/3")
_TUNNELS: Final = tuple(
    map(
        ipaddress.ip_network,
        # Protocol assignments with Teredo, documentation, 6to4, the second documentation range.
        ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_SPECIAL_IPV4: Final = tuple(
    map(
        ipaddress.ip_network,
        # Shared addresses of providers (CGNAT), protocol assignments, relays of 6to4, benchmarks.
        ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15"),
    )
)


class RefusedError(Exception):
    """A callback may not go there; the text says why."""


@dataclass(frozen=True)
class Target:
    """A checked address: where to connect to, and what to ask for."""

    host: str
    """A name, or an address that is public."""
    path: str
    """Path and query as they are sent."""


def target(url: str) -> Target:
    """The parts of a callback's address; names are resolved, and checked again, when it is delivered.

    Raises:
        RefusedError: it may not go there.
    """
    if len(url) > LONGEST or not _PRINTED.fullmatch(url) or "\\" in url:
        raise RefusedError(f"give at most {LONGEST} printable ASCII characters; encode others by per cent signs")
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError as error:
        raise RefusedError("this is no address; give one such as https://app.example.org/hook") from error
    if parts.scheme != "https":
        raise RefusedError("give an address that begins with https://")
    if "@" in parts.netloc:
        raise RefusedError("leave out user name and password; the signature proves who calls")
    if port not in (None, HTTPS_PORT):
        raise RefusedError("leave out the port; callbacks go to port 443 alone")
    if parts.fragment:
        raise RefusedError("leave out the part behind #, which is never sent")
    _check_host(host, literal="[" in parts.netloc or _is_address(host))
    path = parts.path or "/"
    return Target(host, f"{path}?{parts.query}" if parts.query else path)


def public(address: str) -> bool:
    """Whether an address belongs to the public internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not found.is_global or found.is_multicast or found.is_reserved or found.is_link_local or found.is_loopback:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        return found.scope_id is None and found in _GLOBAL_IPV6 and not any(found in net for net in _TUNNELS)
    return not any(found in net for net in _SPECIAL_IPV4)


def _check_host(host: str, *, literal: bool) -> None:
    if literal:
        if not public(host):
            raise RefusedError("the address is not one of the public internet")
        return
    if len(host) > 253 or not _NAME.fullmatch(host):
        raise RefusedError("give a host name with a domain, such as app.example.org")
    if f".{host}".endswith(_INSIDE):
        raise RefusedError("names of private networks are not called")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
