"""Child processes that never outlive the sandbox."""

from __future__ import annotations

from sandbox.processes.children import GRACE_S, Process, Processes, inherited

__all__ = ["GRACE_S", "Process", "Processes", "inherited"]
