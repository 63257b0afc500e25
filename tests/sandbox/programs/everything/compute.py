"""Functions, an API, a user pool, topics, rules and alarms."""

from __future__ import annotations

import json
from typing import Any

import pulumi
from pulumi_aws import apigateway, chatbot, cloudwatch, cognito, iam, lambda_, s3, scheduler, sns, sqs, wafv2, xray

role = iam.Role(
    "function",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ],
        }
    ),
)
layer = lambda_.LayerVersion(
    "libraries",
    layer_name="libraries",
    code=pulumi.AssetArchive({"python/empty.py": pulumi.StringAsset("")}),
    compatible_runtimes=["python3.13"],
    compatible_architectures=["arm64"],
)
queue = sqs.Queue("dead", kms_master_key_id="alias/aws/sqs", message_retention_seconds=1209600)
sqs.QueuePolicy("dead", queue_url=queue.url, policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
sqs.Queue("ordered", fifo_queue=True, redrive_policy=queue.arn.apply(lambda _arn: None))
log = cloudwatch.LogGroup("function", name="/aws/lambda/hello", retention_in_days=30)
cloudwatch.LogStream("function", log_group_name=log.name, name="start")
cloudwatch.LogMetricFilter(
    "errors",
    log_group_name=log.name,
    pattern="ERROR",
    metric_transformation={
        "name": "errors",
        "namespace": "everything",
        "value": "1",
        "unit": "Count",
        "dimensions": {"Function": "$.function"},
    },
)
xray.SamplingRule(
    "sampling",
    rule_name="everything",
    priority=1000,
    version=1,
    reservoir_size=1,
    fixed_rate=0.05,
    host="*",
    http_method="*",
    resource_arn="*",
    service_name="everything/api",
    service_type="AWS::ApiGateway::Stage",
    url_path="*",
)
function = lambda_.Function(
    "hello",
    name="hello",
    role=role.arn,
    handler="handler.handler",
    runtime="python3.13",
    architectures=["arm64"],
    code=pulumi.AssetArchive({"handler.py": pulumi.StringAsset("def handler(event, context): return event")}),
    layers=[layer.arn],
    memory_size=512,
    timeout=10,
    publish=True,
    environment={"variables": {"NAME": "world"}},
    tracing_config={"mode": "Active"},
    dead_letter_config={"target_arn": queue.arn},
    reserved_concurrent_executions=5,
    logging_config={"log_format": "JSON", "log_group": log.name},
)
alias = lambda_.Alias("live", name="live", function_name=function.arn, function_version=function.version)
bucket = s3.Bucket("events")
lambda_.Permission(
    "s3", action="lambda:InvokeFunction", function=function.name, principal="s3.amazonaws.com", source_arn=bucket.arn
)
lambda_.FunctionEventInvokeConfig("hello", function_name=function.name, maximum_retry_attempts=1)
lambda_.EventSourceMapping("queue", event_source_arn=queue.arn, function_name=function.arn, batch_size=5, enabled=False)
lambda_.ProvisionedConcurrencyConfig(
    "hello", function_name=function.name, qualifier=alias.name, provisioned_concurrent_executions=1
)
pool = cognito.UserPool(
    "users",
    mfa_configuration="OPTIONAL",
    software_token_mfa_configuration={"enabled": True},
    password_policy={
        "minimum_length": 8,
        "require_lowercase": True,
        "require_numbers": True,
        "require_symbols": True,
        "require_uppercase": True,
        "temporary_password_validity_days": 7,
    },
    username_attributes=["email"],
    auto_verified_attributes=["email"],
    account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
    schemas=[
        {
            "name": "email",
            "attribute_data_type": "String",
            "required": True,
            "mutable": True,
            "string_attribute_constraints": {"min_length": "0", "max_length": "2048"},
        }
    ],
    user_pool_add_ons={"advanced_security_mode": "ENFORCED"},
    deletion_protection="ACTIVE",
)
client = cognito.UserPoolClient(
    "app",
    user_pool_id=pool.id,
    explicit_auth_flows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    access_token_validity=60,
    token_validity_units={"access_token": "minutes"},
    prevent_user_existence_errors="ENABLED",
    enable_token_revocation=True,
)
cognito.UserGroup("approvers", user_pool_id=pool.id, name="approvers", precedence=1)
cognito.ResourceServer(
    "platform",
    user_pool_id=pool.id,
    identifier="platform",
    name="platform",
    scopes=[{"scope_name": "predict", "scope_description": "ask for predictions"}],
)
cognito.UserPoolDomain("sign-in", domain="everything-sign-in", user_pool_id=pool.id)
identities = cognito.IdentityPool(
    "identities",
    identity_pool_name="identities",
    allow_unauthenticated_identities=False,
    cognito_identity_providers=[{"client_id": client.id, "provider_name": pool.endpoint}],
)
cognito.IdentityPoolProviderPrincipalTag(
    "identities",
    identity_pool_id=identities.id,
    identity_provider_name=pool.endpoint,
    use_defaults=False,
    principal_tags={"userId": "sub"},
)
cognito.IdentityPoolRoleAttachment("identities", identity_pool_id=identities.id, roles={"authenticated": role.arn})
body = {
    "openapi": "3.0.3",
    "info": {"title": "everything", "version": "1"},
    "paths": {
        "/v1/hello": {
            "options": {
                "responses": {"204": {"description": "what may be sent"}},
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 204}'},
                    "responses": {"default": {"statusCode": "204"}},
                },
            },
            "get": {
                "responses": {"200": {"description": "a greeting"}},
                "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": "URI"},
            },
        }
    },
}
api = apigateway.RestApi(
    "api",
    name="everything",
    body=alias.invoke_arn.apply(lambda arn: json.dumps(body).replace("URI", arn)),
    endpoint_configuration={"types": "REGIONAL"},
    disable_execute_api_endpoint=False,
)
deployment = apigateway.Deployment("api", rest_api=api.id, triggers={"body": "digest"})
access = cloudwatch.LogGroup("access")
stage = apigateway.Stage(
    "api",
    rest_api=api.id,
    deployment=deployment.id,
    stage_name="api",
    xray_tracing_enabled=True,
    access_log_settings={"destination_arn": access.arn, "format": "$context.requestId"},
)
apigateway.MethodSettings(
    "all",
    rest_api=api.id,
    stage_name=stage.stage_name,
    method_path="*/*",
    settings={
        "throttling_rate_limit": 1000,
        "throttling_burst_limit": 500,
        "metrics_enabled": True,
        "logging_level": "ERROR",
    },
)
apigateway.MethodSettings(
    "hello",
    rest_api=api.id,
    stage_name=stage.stage_name,
    method_path="v1/hello/GET",
    settings={"throttling_rate_limit": 10, "caching_enabled": False},
)
apigateway.Account("api", cloudwatch_role_arn=role.arn)
plan = apigateway.UsagePlan(
    "partners",
    api_stages=[
        {
            "api_id": api.id,
            "stage": stage.stage_name,
            "throttles": [{"path": "/v1/hello/GET", "rate_limit": 5, "burst_limit": 2}],
        }
    ],
    throttle_settings={"rate_limit": 10, "burst_limit": 5},
    quota_settings={"limit": 1000, "period": "DAY"},
)
key = apigateway.ApiKey("partner")
apigateway.UsagePlanKey("partner", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id)
visible: Any = {"cloudwatch_metrics_enabled": True, "metric_name": "acl", "sampled_requests_enabled": True}
allow: Any = {"allow": {}}
rules: Any = [
    {
        "name": "rate",
        "priority": 1,
        "action": {"block": {}},
        "statement": {
            "rate_based_statement": {"limit": 2000, "aggregate_key_type": "IP", "evaluation_window_sec": 300}
        },
        "visibility_config": visible,
    },
    {
        "name": "known-bad",
        "priority": 2,
        "override_action": {"none": {}},
        "statement": {
            "managed_rule_group_statement": {"vendor_name": "AWS", "name": "AWSManagedRulesKnownBadInputsRuleSet"}
        },
        "visibility_config": visible,
    },
]
acl = wafv2.WebAcl(
    "acl",
    scope="REGIONAL",
    default_action=allow,
    visibility_config=visible,
    rules=rules,
)
wafv2.WebAclAssociation("api", resource_arn=stage.arn, web_acl_arn=acl.arn)
waf_log = cloudwatch.LogGroup("waf", name="aws-waf-logs-everything")
wafv2.WebAclLoggingConfiguration(
    "acl",
    resource_arn=acl.arn,
    log_destination_configs=[waf_log.arn],
    redacted_fields=[{"single_header": {"name": "authorization"}}],
)
topic = sns.Topic("alarms", kms_master_key_id="alias/aws/sns", tracing_config="Active")
sns.TopicPolicy("alarms", arn=topic.arn, policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
sns.TopicSubscription("mail", topic=topic.arn, protocol="email", endpoint="a@example.org")
sns.TopicSubscription("queue", topic=topic.arn, protocol="sqs", endpoint=queue.arn, raw_message_delivery=True)
bus = cloudwatch.EventBus("bus", name="everything")
cloudwatch.EventRule("on-bus", event_bus_name=bus.name, event_pattern=json.dumps({"source": ["everything"]}))
rule = cloudwatch.EventRule("uploads", event_pattern=json.dumps({"source": ["aws.s3"]}), state="ENABLED")
cloudwatch.EventTarget(
    "uploads",
    rule=rule.name,
    arn=queue.arn,
    dead_letter_config={"arn": queue.arn},
    retry_policy={"maximum_event_age_in_seconds": 300, "maximum_retry_attempts": 2},
    input_transformer={"input_paths": {"key": "$.detail.object.key"}, "input_template": '{"key": "<key>"}'},
)
group = scheduler.ScheduleGroup("monthly")
scheduler.Schedule(
    "monthly",
    group_name=group.name,
    schedule_expression="cron(0 3 1 * ? *)",
    flexible_time_window={"mode": "OFF"},
    target={
        "arn": queue.arn,
        "role_arn": role.arn,
        "input": json.dumps({"reason": "schedule"}),
        "retry_policy": {"maximum_retry_attempts": 2},
    },
)
alarm = cloudwatch.MetricAlarm(
    "errors",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    metric_name="Errors",
    namespace="AWS/Lambda",
    dimensions={"FunctionName": function.name},
    period=300,
    statistic="Sum",
    threshold=5,
    alarm_actions=[topic.arn],
    treat_missing_data="notBreaching",
)
queries: Any = [
    {
        "id": name,
        "metric": {
            "metric_name": metric,
            "namespace": "AWS/Lambda",
            "period": 300,
            "stat": "Sum",
            "dimensions": {"FunctionName": function.name},
        },
    }
    for name, metric in (("errors", "Errors"), ("calls", "Invocations"))
]
cloudwatch.MetricAlarm(
    "share",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    threshold=0.05,
    metric_queries=[{"id": "share", "expression": "errors / calls", "label": "share", "return_data": True}, *queries],
)
cloudwatch.CompositeAlarm("any", alarm_name="any", alarm_rule=alarm.name.apply(lambda name: f"ALARM({name})"))
cloudwatch.ContributorInsightRule(
    "daily-users",
    rule_name="daily-users",
    rule_state="ENABLED",
    rule_definition=json.dumps({"Schema": {"Name": "CloudWatchLogRule", "Version": 1}}),
)
chatbot.SlackChannelConfiguration(
    "slack", configuration_name="alarms", iam_role_arn=role.arn, slack_channel_id="C0", slack_team_id="T0"
)
cloudwatch.Dashboard("application", dashboard_name="application", dashboard_body=json.dumps({"widgets": []}))
cloudwatch.LogResourcePolicy(
    "logs", policy_name="logs", policy_document=json.dumps({"Version": "2012-10-17", "Statement": []})
)
cloudwatch.QueryDefinition("slow", name="slow", query_string="fields @message", log_group_names=[log.name])
