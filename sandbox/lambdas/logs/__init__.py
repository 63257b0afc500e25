"""What functions and the gateway log: delivered in batches, away from the calls, and written when it is read."""

from __future__ import annotations

from sandbox.lambdas.logs.delivery import Logs

__all__ = ["Logs"]
