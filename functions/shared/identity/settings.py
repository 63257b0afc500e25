"""What every function that checks tokens is told of whose tokens count."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.door.settings import DoorSettings


@dataclass(frozen=True, kw_only=True)
class TokenSettings(DoorSettings):
    """The user pool, its app clients, their keys and their sessions."""

    user_pool_id: str
    """User pool whose tokens count."""
    client_id: str
    """App client that people sign in with."""
    program_client_ids: str = ""
    """App clients of other programs, with commas between; their tokens carry scopes and no person."""
    other_pools: str = ""
    """Pools of other regions whose tokens count too: `pool=client,client;pool=client`."""
    jwks: str = ""
    """Public keys as they were at deployment: `{pool id: JWKS document}`. Without them a cold start fetches them."""
    sessions_table: str = ""
    """Table of sessions, which tells those that were ended; without it a token counts until it expires."""
    requests_table: str = ""
    """Table that keeps answers to requests with an Idempotency-Key."""
    requests_per_user: int = 1000
    """Requests a second that one person may go on making: counted in the cache, where the function has it, else in the
    table of requests; 0 counts nobody."""
    burst_per_user: int = 2000
    """How many of them at once."""
