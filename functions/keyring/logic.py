"""Keys of pools that may have been made a moment ago."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from functions.shared.identity.keys import WRONG, read
from functions.shared.tasks import WorkError

TRIES = 5
PAUSE_S = 2.0
FIELDS = ("alg", "e", "kid", "kty", "n", "use")
"""What a function needs of a key; its environment holds four kilobytes."""


def collect(
    event: Mapping[str, Any], document: Callable[[str], bytes], sleep: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """The keys of each pool.

    Args:
        event: names the pools.
        document: a pool's JWKS document; OSError where it cannot be had.
        sleep: waits between two tries.

    Raises:
        WorkError: the event names none, or a pool gives no keys.
    """
    pools = event.get("userPools")
    if not isinstance(pools, list) or not pools or not all(isinstance(name, str) for name in pools):
        raise WorkError(f"userPools is {pools!r}; allowed: a list of user pool ids, at least one")
    return {pool_id: _keys(pool_id, document, sleep) for pool_id in pools}


def _keys(pool_id: str, document: Callable[[str], bytes], sleep: Callable[[float], None]) -> dict[str, Any]:
    why = ""
    for attempt in range(TRIES):
        if attempt:
            sleep(PAUSE_S)
        try:
            found = json.loads(document(pool_id))
            read(found)
            return {"keys": [{name: row[name] for name in FIELDS if name in row} for row in found["keys"]]}
        except (OSError, *WRONG) as error:
            why = f"{type(error).__name__}: {error}"
    raise WorkError(f"user pool {pool_id} gives no keys ({why}); look whether it exists and can be reached")
