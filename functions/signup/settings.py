"""What the sign-up function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Who may sign up, and where users are recorded."""

    users_table: str
    """Table of users."""
    group: str = "users"
    """Group that every new user joins."""
    email_domains: str = ""
    """Domains whose addresses may sign up, with commas between; every domain when empty."""
    auto_confirm: str = "false"
    """`true`: a new account counts without a proof of its address."""
