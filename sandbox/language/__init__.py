"""Stand-ins for Bedrock and Comprehend: they answer by rules, by the same contracts, and say that they are emulated."""

from __future__ import annotations

from sandbox.language.runtime import Languages

__all__ = ["Languages"]
