"""What takes over when a region is lost: backups with copies elsewhere, a name that follows health checks."""

from __future__ import annotations

import json

from pulumi_aws import apigateway, backup, kms, route53

ROLE = "arn:aws:iam::123456789012:role/everything"
key = kms.Key("backups")
vault = backup.Vault("backups", name="everything", kms_key_arn=key.arn)
backup.VaultLockConfiguration(
    "backups", backup_vault_name=vault.name, min_retention_days=7, max_retention_days=35, changeable_for_days=3
)
plan = backup.Plan(
    "backups",
    name="everything",
    rules=[
        {
            "rule_name": "daily",
            "target_vault_name": vault.name,
            "schedule": "cron(0 3 * * ? *)",
            "schedule_expression_timezone": "Etc/UTC",
            "start_window": 60,
            "completion_window": 480,
            "lifecycle": {"delete_after": 35},
        }
    ],
)
backup.Selection("backups", name="everything", plan_id=plan.id, iam_role_arn=ROLE, resources=["*"])
testing = backup.RestoreTestingPlan(
    "restores",
    name="everything_weekly",
    schedule_expression="cron(0 5 ? * SUN *)",
    schedule_expression_timezone="Etc/UTC",
    start_window_hours=8,
    recovery_point_selection={
        "algorithm": "LATEST_WITHIN_WINDOW",
        "include_vaults": [vault.arn],
        "recovery_point_types": ["SNAPSHOT"],
        "selection_window_days": 7,
    },
)
backup.RestoreTestingSelection(
    "restores",
    name="tables",
    restore_testing_plan_name=testing.name,
    protected_resource_type="DynamoDB",
    protected_resource_arns=["*"],
    iam_role_arn=ROLE,
    validation_window_hours=24,
)
domain = apigateway.DomainName(
    "address",
    domain_name="ml.example.org",
    regional_certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/address",
    endpoint_configuration={"types": "REGIONAL"},
    security_policy="TLS_1_2",
)
health = {"get": {"responses": {}, "x-amazon-apigateway-integration": {"type": "mock", "responses": {}}}}
about = {"title": "address", "version": "1", "description": "address"}
body = json.dumps({"openapi": "3.0.3", "info": about, "paths": {"/v1/health": health}})
api = apigateway.RestApi("address", name="address", body=body)
deployment = apigateway.Deployment("address", rest_api=api.id)
stage = apigateway.Stage("address", rest_api=api.id, deployment=deployment.id, stage_name="api")
apigateway.BasePathMapping(
    "address", rest_api=api.id, stage_name=stage.stage_name, base_path="api", domain_name=domain.domain_name
)
route53.HealthCheck(
    "address",
    type="HTTPS",
    fqdn="abc.execute-api.us-east-1.amazonaws.com",
    port=443,
    resource_path="/api/v1/health",
    request_interval=10,
    failure_threshold=3,
)
