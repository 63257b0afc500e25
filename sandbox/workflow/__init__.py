"""Step Functions alive: state machines run, with the integrations and error names that AWS has."""

from sandbox.workflow.runtime import Workflows

__all__ = ["Workflows"]
