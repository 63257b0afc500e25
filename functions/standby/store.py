"""Bucket, endpoint, registry and triggers of this region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.shared.aws.sdk import client, code_of
from functions.standby.logic import Serving

STATES = {True: "ENABLED", False: "DISABLED"}
KEPT = (
    *("Description", "EndDate", "FlexibleTimeWindow", "GroupName", "KmsKeyArn", "Name", "ScheduleExpression"),
    *("ScheduleExpressionTimezone", "StartDate", "Target"),
)
"""Members of a schedule that an update must repeat: what it leaves out is reset."""


class Bucket:
    """Model archives of this region."""

    def __init__(self, name: str) -> None:
        self._name = name

    def has(self, key: str) -> bool:
        """Whether an object is there."""
        from botocore.exceptions import ClientError

        try:
            client("s3").head_object(Bucket=self._name, Key=key)
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchKey", "NotFound"):
                return False
            raise
        return True


class SageMakerEndpoint:
    """An endpoint with one variant."""

    def __init__(self, name: str, hosting: Mapping[str, Any]) -> None:
        self._name, self._hosting = name, hosting

    def serving(self) -> Serving:
        """State of the endpoint, and the archive of the model in its configuration."""
        sagemaker = client("sagemaker")
        endpoint = sagemaker.describe_endpoint(EndpointName=self._name)
        found = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        model = sagemaker.describe_model(ModelName=found["ProductionVariants"][0]["ModelName"])
        return Serving(str(endpoint["EndpointStatus"]), str(model["PrimaryContainer"]["ModelDataUrl"]))

    def update(self, name: str, artifact: str) -> None:
        """Model, configuration, update: each of the first two unless an earlier try has made it."""
        sagemaker, hosting = client("sagemaker"), self._hosting
        container = {**hosting["Container"], "ModelDataUrl": artifact}
        unless_made(
            sagemaker.create_model, ModelName=name, PrimaryContainer=container, Tags=hosting["Tags"], **hosting["Model"]
        )
        unless_made(
            sagemaker.create_endpoint_config,
            EndpointConfigName=name,
            ProductionVariants=[{**hosting["Variant"], "ModelName": name}],
            Tags=hosting["Tags"],
            **hosting["Config"],
        )
        sagemaker.update_endpoint(EndpointName=self._name, EndpointConfigName=name, **hosting["Update"])


def unless_made(create: Any, **parameters: Any) -> None:
    """Makes something immutable; what has the name already is what was to be made, since names follow from content."""
    from botocore.exceptions import ClientError

    try:
        create(**parameters)
    except ClientError as error:
        # SageMaker has no code of its own for a name that is taken.
        if code_of(error) != "ValidationException" or "already exist" not in str(error):
            raise


class PackageGroup:
    """Versions of a model package group, found by their description: lists tell no other word of ours."""

    def __init__(self, name: str, hosting: Mapping[str, Any]) -> None:
        self._name, self._hosting = name, hosting

    def add(self, version: str, artifact: str) -> bool:
        """Adds an approved version, unless it is there."""
        description = f"Version {version}, live in the other region"
        sagemaker = client("sagemaker")
        pages = sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self._name, SortBy="CreationTime", SortOrder="Descending"
        )
        if any(
            row.get("ModelPackageDescription") == description
            for page in pages
            for row in page["ModelPackageSummaryList"]
        ):
            return False
        sagemaker.create_model_package(
            ModelPackageGroupName=self._name,
            ModelPackageDescription=description,
            ModelApprovalStatus="Approved",
            InferenceSpecification={
                "Containers": [{**self._hosting["Container"], "ModelDataUrl": artifact}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties={"version": version},
        )
        return True


class TrainingTriggers:
    """Rules and schedule that start trainings."""

    def __init__(self, rules: Sequence[str], schedule: str) -> None:
        self._rules, self._schedule = rules, schedule

    def states(self) -> dict[str, str]:
        """ENABLED or DISABLED, by name."""
        events = client("events")
        found = {rule: str(events.describe_rule(Name=rule)["State"]) for rule in self._rules}
        return {**found, self._schedule: str(client("scheduler").get_schedule(Name=self._schedule)["State"])}

    def switch(self, *, on: bool) -> None:
        """Enables or disables rules and schedule."""
        events, scheduler = client("events"), client("scheduler")
        for rule in self._rules:
            (events.enable_rule if on else events.disable_rule)(Name=rule)
        known = scheduler.get_schedule(Name=self._schedule)
        kept = {member: known[member] for member in KEPT if member in known}
        scheduler.update_schedule(**kept, State=STATES[on])
