"""CloudFront in small: a declared distribution answers over HTTP, from its buckets and its API."""

from __future__ import annotations

from sandbox.edge.server import Edges

__all__ = ["Edges"]
