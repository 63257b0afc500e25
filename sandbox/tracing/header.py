"""The header by which a trace goes from one service to the next: `Root=…;Parent=…;Sampled=1`."""

from __future__ import annotations

import random
import re
from typing import Final

SAMPLED: Final = ";Sampled=1"
LONGEST: Final = 256
_ROOT: Final = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}", re.ASCII)
_SEGMENT: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


def new_root(moment_s: float) -> str:
    """The id of a trace that begins now."""
    return f"1-{int(moment_s):08x}-{random.getrandbits(96):024x}"


def root_of(header: str) -> str:
    """The id of the trace; empty where the header names none."""
    found = header.partition("Root=")[2].partition(";")[0]
    return found if _ROOT.fullmatch(found) else ""


def parent_of(header: str) -> str:
    """The segment that called; empty where the header names none."""
    found = header.partition("Parent=")[2].partition(";")[0]
    return found if _SEGMENT.fullmatch(found) else ""


def decided(header: str) -> bool | None:
    """What the caller decided; None where it leaves that to whom it calls."""
    found = header.partition("Sampled=")[2][:1]
    return {"0": False, "1": True}.get(found)


def written(root: str, parent: str, *, sampled: bool) -> str:
    """The header for whoever is called."""
    return f"Root={root};Parent={parent}{SAMPLED}" if sampled else f"Root={root};Sampled=0"


def ids(request_id: str) -> tuple[str, str]:
    """Two segment ids of one request: made of its own id, so that nobody has to hand them on."""
    plain = request_id.replace("-", "")
    return plain[:16], plain[16:32]


def handed(trace: str, request_id: str) -> str:
    """The header that a function's code sees: below the segment that Lambda makes of its run."""
    root = root_of(trace) if SAMPLED in trace else ""
    return written(root, ids(request_id)[0], sampled=True) if root else trace
