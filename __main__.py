"""One stack of the platform: settings in, components, exports out."""

from __future__ import annotations

import pulumi
from pulumi_aws.get_caller_identity import get_caller_identity_output
from pulumi_aws.provider import Provider

from components.foundation import Stack, lay
from components.observability import Observability, ObservabilityArgs
from components.services import open_door, serve, train
from components.settings import Artifacts, load
from functions.routes import ROUTES

project, environment = pulumi.get_project(), pulumi.get_stack()
settings = load(environment)
capabilities = {route.capability for route in ROUTES} | {"approvals", "compare", "intake", "release"}
tags = {**settings.tags, "Environment": environment, "ManagedBy": "pulumi", "Project": project}

# One provider, named: every resource gets its tags, and another region is the same program with another one.
provider = Provider("aws", region=settings.region, default_tags={"tags": tags})
stack = Stack(
    prefix=f"{project}-{environment}",
    settings=settings,
    built=Artifacts(settings.artifacts, capabilities),
    account_id=get_caller_identity_output(opts=pulumi.InvokeOptions(provider=provider)).account_id,
    tags=tags,
    opts=pulumi.ResourceOptions(providers=[provider]),
    region=settings.region,
)
ground = lay(stack)
endpoint = serve(stack, ground)
workflow = train(stack, ground, endpoint)
api = open_door(stack, ground, workflow, environment)

parts = (api, endpoint, ground.cache, workflow, ground.tables)
watch: ObservabilityArgs = {
    "name_prefix": stack.prefix,
    "key_arn": ground.keys.arn("notifications"),
    "alarms": [row for part in parts for row in part.alarms()],
    "widgets": [row for part in (*parts, ground.lake) for row in part.widgets()],
    "emails": settings.observability.emails,
}
if settings.observability.runbook_url is not None:
    watch["runbook_url"] = settings.observability.runbook_url
observability = Observability("observability", watch, stack.opts)

lake = ground.lake
exports = {
    "api_url": api.api_url,
    "user_pool_id": api.user_pool_id,
    "user_pool_client_id": api.user_pool_client_id,
    "raw_bucket": lake.bucket_name("raw"),
    "processed_bucket": lake.bucket_name("processed"),
    "models_bucket": lake.bucket_name("models"),
    "logs_bucket": lake.bucket_name("logs"),
    "endpoint_name": endpoint.endpoint_name,
    "state_machine_arn": workflow.state_machine_arn,
    "model_package_group": workflow.model_package_group,
    "dashboard_name": observability.dashboard_name,
    "alarm_topic_arn": observability.topic_arn,
}
for key, value in exports.items():
    pulumi.export(key, value)
