"""The training workflow: from an uploaded data set to a model behind the endpoint."""

from __future__ import annotations

from components.training_workflow.args import TrainingWorkflowArgs
from components.training_workflow.component import TrainingWorkflow

__all__ = ["TrainingWorkflow", "TrainingWorkflowArgs"]
