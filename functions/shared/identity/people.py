"""What the items of the users table have in common, whoever writes them."""

from __future__ import annotations

from typing import Final

KIND: Final = "user"
"""`kind` of each user's item: the one key of the index that lists them, so that a closed account, which has none, is
in no list."""
