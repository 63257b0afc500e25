"""The SageMaker model registry."""

from __future__ import annotations

from functions.shared.aws.sdk import client, told


class ModelRegistry:
    """Decisions on model packages."""

    def approve(self, arn: str, why: str) -> None:
        """Approves a package; SageMaker tells EventBridge, which tells the approvals function."""
        with told(ConflictException="unavailable"):
            client("sagemaker").update_model_package(
                ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription=why
            )
