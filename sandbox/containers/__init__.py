"""SageMaker's training jobs, processing jobs and endpoints as real processes over the local cloud."""

from sandbox.containers.runtime import Containers

__all__ = ["Containers"]
