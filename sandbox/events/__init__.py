"""EventBridge alive: rules deliver to their targets, S3 announces its objects, schedules fire when they are due."""

from sandbox.events.runtime import Events

__all__ = ["Events"]
