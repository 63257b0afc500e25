"""An execution has a status from its first moment on."""

from __future__ import annotations

from moto.stepfunctions.parser.backend.execution import Execution

from sandbox.events.hooks import Hooks
from sandbox.workflow.patches import tell_status_from_the_start


def test_an_execution_that_has_not_begun_runs() -> None:
    hooks = Hooks()
    tell_status_from_the_start(hooks)
    try:
        listed = object.__new__(Execution)
        listed.exec_status = None
        assert listed.status == "RUNNING"
    finally:
        hooks.undo()
