"""MlEndpoint: a SageMaker endpoint with a fixed name, born with a small baseline model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import appautoscaling, cloudwatch, iam, s3, sagemaker
from components.ml_endpoint import rights, signals
from components.ml_endpoint.hosting import (
    SERVING_ENVIRONMENT,
    VARIANT,
    Hosting,
    HostingShape,
    as_inputs,
    configuration,
    configuration_inputs,
    deployment,
    production_variant,
)
from components.observability import metric_inputs
from components.values import Alarm, Metric, Statement, Widget, formatted, policy_json, trust_json
from functions.shared.places import INFERENCE_LOGS, PRODUCTION

CAPTURE_PREFIX: Final = INFERENCE_LOGS.rstrip("/")
"""Folder of the capture bucket."""


class MlEndpointArgs(TypedDict):
    """What an endpoint needs; the rest has secure defaults."""

    endpoint_name: str
    """Physical name, which never changes: callers, alarms and promotions refer to it."""
    key_arn: Input[str]
    """KMS key of the models bucket, of captured data and of the instances' volumes."""
    models_bucket: Input[str]
    """Bucket that holds model archives."""
    baseline_path: str
    """Local model.tar.gz that the endpoint serves until the first promotion."""
    baseline_digest: str
    """SHA-256 of that archive: another archive becomes another object and another model."""
    capture_bucket: NotRequired[Input[str]]
    """Bucket for captured requests and answers, below `inference/`; required to capture."""
    mode: NotRequired[str]
    """`instances` (default), or `serverless`, which AWS cannot isolate, place in a VPC, capture from or roll back. AWS
    does not turn one into the other in place: delete the endpoint between."""
    instance_type: NotRequired[str]
    """Instance that serves; ml.c5.xlarge by default."""
    min_instances: NotRequired[int]
    """Fewest instances; 1 by default."""
    max_instances: NotRequired[int]
    """Most instances; 5 by default, and equal to min_instances nothing scales."""
    invocations_per_instance: NotRequired[int]
    """Invocations a minute and instance that scaling aims at; 1,000 by default."""
    memory_mb: NotRequired[int]
    """Memory of a serverless endpoint; 2,048 by default."""
    max_concurrency: NotRequired[int]
    """Calls at once of a serverless endpoint; 5 by default."""
    capture_percent: NotRequired[int]
    """Share of requests that is captured; 100 by default, 0 is off."""
    subnet_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Private subnets for the instances; given together with security_group_ids."""
    security_group_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Security groups of the instances."""
    image_tag: NotRequired[str]
    """Version of the prebuilt XGBoost framework image."""


class MlEndpoint(pulumi.ComponentResource):
    """Serves one model behind a name that promotions update in place.

    The endpoint's configuration name is the promotion's to change: the program sets it once and then leaves it alone.
    Models and configurations are kept in the account when the program replaces them, since an endpoint whose
    configuration is gone can no longer be updated or scaled.
    """

    role: iam.Role
    """What the model's container may do: read models, write its logs and metrics, store captured data."""
    image: Output[str]
    """Address of the framework image that trains and serves."""
    endpoint_name: Output[str]
    """The fixed name, known once the endpoint exists."""
    arn: Output[str]
    """ARN of the endpoint."""
    hosting: HostingShape
    """What every version shares, in the words of the SageMaker API, for the workflow that promotes."""
    rollback_alarms: list[cloudwatch.MetricAlarm]
    """Alarms that undo a promotion while it runs; empty for serverless."""

    def __init__(self, name: str, args: MlEndpointArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:MlEndpoint", name, {}, opts)
        self._name = name
        self._args = args
        self._hosting = _hosting(args)
        _validate(name, args)
        child = ResourceOptions(parent=self)
        image = sagemaker.get_prebuilt_ecr_image_output(
            repository_name="sagemaker-xgboost",
            image_tag=args.get("image_tag", "3.0-5"),
            opts=pulumi.InvokeOptions(parent=self),
        )
        self.image = image.registry_path
        self.role = iam.Role(
            f"{name}-role",
            assume_role_policy=trust_json("sagemaker.amazonaws.com"),
            description=f"What the containers behind {args['endpoint_name']} may do",
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{name}-rights", role=self.role.id, policy=policy_json(self._statements()), opts=child
        )
        self.hosting = self._shape()
        archive = s3.BucketObjectv2(
            f"{name}-baseline",
            bucket=args["models_bucket"],
            key=f"{PRODUCTION}baseline/{args['baseline_digest'][:12]}/model.tar.gz",
            source=pulumi.FileAsset(args["baseline_path"]),
            kms_key_id=args["key_arn"],
            server_side_encryption="aws:kms",
            opts=ResourceOptions(parent=self, retain_on_delete=True),
        )
        # Scaling out reads the archive and the model again, and an update needs the old configuration: all three must
        # outlive their place in the program.
        kept = ResourceOptions(parent=self, retain_on_delete=True, depends_on=[granted])
        self.model = sagemaker.Model(
            f"{name}-model",
            primary_container={
                "image": self.image,
                "model_data_url": formatted("s3://{0}/{1}", archive.bucket, archive.key),
                "environment": dict(SERVING_ENVIRONMENT),
            },
            **as_inputs(self.hosting["Model"]),
            opts=kept,
        )
        variant: Any = {**as_inputs(self.hosting["Variant"]), "model_name": self.model.name}
        self.configuration = sagemaker.EndpointConfiguration(
            f"{name}-configuration",
            production_variants=[variant],
            **configuration_inputs(self.hosting["Config"]),
            opts=kept,
        )
        self.rollback_alarms = self._rollback_alarms(name)
        update = self.hosting["Update"].get("DeploymentConfig")
        self.endpoint = sagemaker.Endpoint(
            f"{name}-endpoint",
            name=args["endpoint_name"],
            endpoint_config_name=self.configuration.name,
            deployment_config=as_inputs(update) if update else None,
            # A changed deployment configuration would send the first configuration's name again and undo a promotion.
            opts=ResourceOptions(
                parent=self,
                ignore_changes=["endpointConfigName", "deploymentConfig"],
                depends_on=[*self.rollback_alarms],
            ),
        )
        self.endpoint_name = self.endpoint.name
        self.arn = self.endpoint.arn
        if self._hosting.scales:
            self._scale(name)
        self.register_outputs({"endpoint_name": self.endpoint_name, "arn": self.arn})

    def may_invoke(self) -> Statement:
        """The right to ask for predictions, for this endpoint alone."""
        return {
            "Sid": "InvokeEndpoint",
            "Effect": "Allow",
            "Action": ["sagemaker:InvokeEndpoint"],
            "Resource": [self.arn],
        }

    def latency(self, statistic: str = "p95") -> Metric:
        """Time inside the model's container, in microseconds."""
        return signals.latency(self._args["endpoint_name"], statistic)

    def errors(self) -> Metric:
        """Invocations that the endpoint or the model's container failed."""
        return signals.errors(self._args["endpoint_name"])

    def alarms(self) -> list[Alarm]:
        """Alarms about latency and errors, to be notified by Observability."""
        return signals.alarms(self._args["endpoint_name"])

    def widgets(self) -> list[Widget]:
        """Dashboard rows of the endpoint."""
        return signals.widgets(self._args["endpoint_name"], serverless=self._hosting.serverless)

    def _capture_uri(self) -> Output[str] | None:
        bucket = self._args.get("capture_bucket")
        return (
            formatted("s3://{0}/{1}", bucket, CAPTURE_PREFIX) if bucket is not None and self._hosting.captures else None
        )

    def _shape(self) -> HostingShape:
        model: dict[str, Input[Any]] = {"ExecutionRoleArn": self.role.arn}
        if not self._hosting.serverless:
            model["EnableNetworkIsolation"] = True
            if "subnet_ids" in self._args and "security_group_ids" in self._args:
                model["VpcConfig"] = {
                    "Subnets": self._args["subnet_ids"],
                    "SecurityGroupIds": self._args["security_group_ids"],
                }
        update = deployment(self._hosting, self._rollback_names())
        return {
            "OwnConfigurations": f"{self._name}-configuration-*",
            "Container": {"Image": self.image, "Environment": dict(SERVING_ENVIRONMENT)},
            "Model": model,
            "Variant": production_variant(self._hosting),
            "Config": configuration(self._hosting, self._args["key_arn"], self._capture_uri()),
            # Auto-scaling owns the number of instances: a promotion takes over the number that runs.
            "Update": {"RetainAllVariantProperties": self._hosting.scales}
            | ({"DeploymentConfig": update} if update else {}),
        }

    def _rollback_names(self) -> list[str]:
        return [] if self._hosting.serverless else signals.rollback_names(self._args["endpoint_name"])

    def _statements(self) -> list[Statement]:
        args, key = self._args, self._args["key_arn"]
        found = [
            *rights.read("Models", key, args["models_bucket"], f"/{PRODUCTION}*"),
            *rights.container(key, f"/aws/sagemaker/Endpoints/{args['endpoint_name']}", self.image),
            *rights.use_key(key),
            *rights.watch(key, self._rollback_names()),
        ]
        if self._hosting.captures:
            found.append(rights.write("CapturedData", key, args["capture_bucket"], f"/{CAPTURE_PREFIX}/*"))
        if "subnet_ids" in args:
            found += rights.network(key, args["subnet_ids"], args["security_group_ids"])
        return found

    def _rollback_alarms(self, name: str) -> list[cloudwatch.MetricAlarm]:
        if self._hosting.serverless:
            return []
        return [
            cloudwatch.MetricAlarm(
                f"{name}-{row.name}",
                name=row.name,
                **metric_inputs(row),
                opts=ResourceOptions(parent=self),
            )
            for row in signals.rollback_rows(self._args["endpoint_name"])
        ]

    def _scale(self, name: str) -> None:
        target = appautoscaling.Target(
            f"{name}-instances",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=self.endpoint_name.apply(lambda endpoint: f"endpoint/{endpoint}/variant/{VARIANT}"),
            min_capacity=self._hosting.min_instances,
            max_capacity=self._hosting.max_instances,
            opts=ResourceOptions(parent=self),
        )
        appautoscaling.Policy(
            f"{name}-invocations",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": "SageMakerVariantInvocationsPerInstance",
                },
                "target_value": self._hosting.invocations_per_instance,
                "scale_out_cooldown": 60,
                "scale_in_cooldown": 300,
            },
            opts=ResourceOptions(parent=self),
        )


def _hosting(args: MlEndpointArgs) -> Hosting:
    given: Mapping[str, Any] = dict(args)
    return Hosting(**{field.name: given[field.name] for field in fields(Hosting) if field.name in given})


def _validate(name: str, args: MlEndpointArgs) -> None:
    hosting = _hosting(args)
    problems = hosting.problems()
    if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", args["endpoint_name"]):
        problems.append(
            f"endpoint_name is {args['endpoint_name']!r}; allowed: 1 to 63 letters, digits and inner dashes; shorten it"
        )
    if ("subnet_ids" in args) != ("security_group_ids" in args):
        problems.append("subnet_ids and security_group_ids must be given together; give both or none")
    if hosting.serverless and "subnet_ids" in args:
        problems.append(
            "subnet_ids with mode serverless: AWS cannot place it in a VPC; leave them out or use instances"
        )
    if hosting.captures and "capture_bucket" not in args:
        problems.append("capture_bucket is missing; give a bucket or set capture_percent to 0")
    if problems:
        raise ValueError(f"MlEndpoint {name!r}: " + "; ".join(problems))
