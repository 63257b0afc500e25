"""What every function that checks tokens is told of whose tokens count."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TokenSettings:
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
    cors_origin: str = "*"
    """Origin whose pages may read answers; tokens travel in a header, never in a cookie, so any is safe."""
