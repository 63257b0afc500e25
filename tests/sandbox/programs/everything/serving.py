"""A model behind an endpoint, its scaling, and a state machine."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import appautoscaling, bedrock, cloudwatch, cognito, iam, sagemaker, sfn

role = iam.Role(
    "serving",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}
            ],
        }
    ),
)
image = sagemaker.get_prebuilt_ecr_image(repository_name="sagemaker-xgboost", image_tag="3.0-5").registry_path
model = sagemaker.Model(
    "baseline",
    execution_role_arn=role.arn,
    enable_network_isolation=True,
    primary_container={"image": image, "model_data_url": "s3://models/model.tar.gz", "environment": {"A": "b"}},
    vpc_config={"subnets": ["subnet-1"], "security_group_ids": ["sg-1"]},
)
config = sagemaker.EndpointConfiguration(
    "baseline",
    kms_key_arn="arn:aws:kms:us-east-1:123456789012:key/k",
    production_variants=[
        {
            "variant_name": "live",
            "model_name": model.name,
            "initial_instance_count": 1,
            "instance_type": "ml.c5.xlarge",
            "initial_variant_weight": 1,
        }
    ],
    data_capture_config={
        "enable_capture": True,
        "initial_sampling_percentage": 100,
        "destination_s3_uri": "s3://logs/capture",
        "capture_options": [{"capture_mode": "Input"}, {"capture_mode": "Output"}],
        "capture_content_type_header": {"json_content_types": ["application/json"]},
    },
)
endpoint = sagemaker.Endpoint(
    "predict",
    name="everything-predict",
    endpoint_config_name=config.name,
    deployment_config={
        "blue_green_update_policy": {
            "traffic_routing_configuration": {"type": "ALL_AT_ONCE", "wait_interval_in_seconds": 60}
        }
    },
)
group = sagemaker.ModelPackageGroup("models", model_package_group_name="everything-models")
sagemaker.ModelPackageGroupPolicy(
    "models",
    model_package_group_name=group.model_package_group_name,
    resource_policy=json.dumps({"Version": "2012-10-17", "Statement": []}),
)
target = appautoscaling.Target(
    "predict",
    service_namespace="sagemaker",
    resource_id=endpoint.name.apply(lambda name: f"endpoint/{name}/variant/live"),
    scalable_dimension="sagemaker:variant:DesiredInstanceCount",
    min_capacity=1,
    max_capacity=5,
)
appautoscaling.Policy(
    "predict",
    policy_type="TargetTrackingScaling",
    service_namespace=target.service_namespace,
    resource_id=target.resource_id,
    scalable_dimension=target.scalable_dimension,
    target_tracking_scaling_policy_configuration={
        "target_value": 1000,
        "predefined_metric_specification": {"predefined_metric_type": "SageMakerVariantInvocationsPerInstance"},
        "scale_in_cooldown": 300,
        "scale_out_cooldown": 60,
    },
)
log = cloudwatch.LogGroup("training", name="/aws/vendedlogs/states/everything")
machine = sfn.StateMachine(
    "training",
    role_arn=role.arn,
    definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
    type="STANDARD",
    logging_configuration={
        "level": "ALL",
        "include_execution_data": False,
        "log_destination": log.arn.apply(lambda arn: f"{arn}:*"),
    },
    tracing_configuration={"enabled": True},
)
sfn.Activity("by-hand")
pulumi.export("machine", machine.arn)
guardrail = bedrock.Guardrail(
    "texts",
    name="everything",
    blocked_input_messaging="This text is not read.",
    blocked_outputs_messaging="This answer is not shown.",
)
bedrock.GuardrailVersion("texts", guardrail_arn=guardrail.guardrail_arn)
cognito.IdentityPoolProviderPrincipalTag(
    "folders",
    identity_pool_id="us-east-1:11111111-2222-3333-4444-555555555555",
    identity_provider_name="cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool",
    principal_tags={"user": "sub"},
)
