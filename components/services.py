"""What runs on the foundation, composed from a stack's settings: endpoint, training workflow, API."""

from __future__ import annotations

from collections.abc import Sequence

from components.baseline import Baseline
from components.database import ADMINISTRATOR, APPLICATION
from components.foundation import Foundation, Stack
from components.guardrail import Guardrail
from components.insights import InsightsArgs, may_ask
from components.ml_batches import BatchDoor
from components.ml_endpoint import MlEndpoint, MlEndpointArgs
from components.secrets import Rotation, RotationArgs
from components.secure_api import SecureApi, SecureApiArgs, TrustedPool
from components.settings import digest
from components.training_workflow import TrainingWorkflow
from components.training_workflow.triggers import LostEvents
from components.values import formatted
from functions.shared.places import PRODUCTION


def serve(stack: Stack, ground: Foundation) -> MlEndpoint:
    """The endpoint, with the baseline model behind it."""
    hosting, built = stack.settings.endpoint, stack.built
    args: MlEndpointArgs = {
        "endpoint_name": f"{stack.prefix}-predict",
        "key_arn": ground.keys.arn("models"),
        "models_bucket": ground.lake.bucket_name("models"),
        "capture_bucket": ground.lake.bucket_name("logs"),
        "baseline_path": built.baseline_model,
        "baseline_digest": digest(built.baseline_model),
        "mode": hosting.mode,
        "instance_type": hosting.instance_type,
        "min_instances": hosting.min_instances,
        "max_instances": hosting.max_instances,
        "invocations_per_instance": hosting.invocations_per_instance,
        "memory_mb": hosting.memory_mb,
        "max_concurrency": hosting.max_concurrency,
        "capture_percent": hosting.capture_percent,
    }
    if not hosting.serverless:
        args["subnet_ids"] = ground.network.private_subnet_ids
        args["security_group_ids"] = ground.network.group_ids("jobs")
    return MlEndpoint(stack.named("endpoint"), args, stack.opts)


def train(stack: Stack, ground: Foundation, endpoint: MlEndpoint) -> TrainingWorkflow:
    """The training workflow, and the records that make the baseline the live model until it has trained one."""
    settings, built, keys, cache = stack.settings, stack.built, ground.keys, ground.cache
    training = settings.training
    workflow = TrainingWorkflow(
        stack.named("training"),
        {
            "name_prefix": stack.prefix,
            "keys": {
                "data": keys.arn("data"),
                "models": keys.arn("models"),
                "logs": keys.arn("logs"),
                "secrets": keys.arn("secrets"),
                "notifications": keys.arn("notifications"),
            },
            "raw_bucket": ground.lake.bucket_name("raw"),
            "processed_bucket": ground.lake.bucket_name("processed"),
            "models_bucket": ground.lake.bucket_name("models"),
            "models_table": ground.tables.table_name("models"),
            "cache": {"host": cache.host, "port": cache.port, "secret_arn": cache.secret.arn},
            "endpoint_name": f"{stack.prefix}-predict",
            "image": endpoint.image,
            "hosting": endpoint.hosting,
            "code_path": built.training_code,
            "code_digest": digest(built.training_code),
            "functions_directory": built.functions,
            "layers": [ground.layer.arn],
            "memory_mb": settings.functions.memory_mb,
            "subnet_ids": ground.network.private_subnet_ids,
            # Jobs stay without any network of their own, so sharing the functions' group opens nothing to them.
            "security_group_ids": ground.network.group_ids("functions"),
            "private_jobs": training.private_jobs,
            "log_days": settings.observability.log_days,
            "emails": settings.observability.emails,
            "schedule": training.schedule,
            "active": stack.active,
            "target_column": training.target_column,
            "metric": training.metric,
            "threshold": training.threshold,
            "algorithms": training.algorithms,
            "processing_instance_type": training.processing_instance_type,
            "training_instance_type": training.training_instance_type,
            "spot": training.spot,
            "max_runtime_s": training.max_runtime_s,
            "max_wait_s": training.max_wait_s,
            "max_size_mb": training.max_size_mb,
            "automatic_approval": training.automatic_approval,
            "tags": stack.tags,
        },
        stack.opts,
    )
    if stack.label:
        # The records come with the table, which is replicated from the first region.
        return workflow
    archive = digest(built.baseline_model)[:12]
    Baseline(
        stack.named("baseline"),
        {
            "models_table": ground.tables.table_name("models"),
            "model_package_group": workflow.model_package_group,
            "model_data_url": formatted(
                "s3://{0}/{1}baseline/{2}/model.tar.gz", ground.lake.bucket_name("models"), PRODUCTION, archive
            ),
            "evaluation": built.evaluation(),
        },
        stack.opts,
    )
    return workflow


def open_door(
    stack: Stack,
    ground: Foundation,
    workflow: TrainingWorkflow,
    batches: BatchDoor,
    environment: str,
    *,
    pools: Sequence[TrustedPool] = (),
) -> SecureApi:
    """The API in front of all of it."""
    settings, keys, cache, api = stack.settings, ground.keys, ground.cache, stack.settings.api
    args: SecureApiArgs = {
        "name_prefix": stack.prefix,
        "environment": environment,
        "keys": {"data": keys.arn("data"), "logs": keys.arn("logs"), "secrets": keys.arn("secrets")},
        "models_table": ground.tables.table_name("models"),
        "predictions_table": ground.tables.table_name("predictions"),
        "users_table": ground.tables.table_name("users"),
        "sessions_table": ground.tables.table_name("sessions"),
        "requests_table": ground.tables.table_name("requests"),
        "folders_bucket": ground.lake.bucket_name("processed"),
        "cache": {"host": cache.host, "port": cache.port, "secret_arn": cache.secret.arn},
        "endpoint_name": f"{stack.prefix}-predict",
        "state_machine_arn": workflow.state_machine_arn,
        "model_package_group": f"{stack.prefix}-models",
        "insights": _reading(stack, ground),
        "batches": batches,
        "functions_directory": stack.built.functions,
        "layers": [ground.layer.arn],
        "memory_mb": settings.functions.memory_mb,
        "predictions_memory_mb": settings.functions.predictions_memory_mb,
        "subnet_ids": ground.network.private_subnet_ids,
        "security_group_ids": ground.network.group_ids("functions"),
        "log_days": settings.observability.log_days,
        "requests_per_second": api.requests_per_second,
        "burst": api.burst,
        "requests_per_address": api.requests_per_address,
        "countries": api.countries,
        "cors_origins": settings.cors_origins,
        "requests_per_user": api.requests_per_user,
        "burst_per_user": api.burst_per_user,
        "largest_body_kb": api.largest_body_kb,
        "compress_bytes": api.compress_bytes,
        "partners": api.partners,
        "mfa": api.mfa,
        "sms": api.sms,
        "threat_protection": api.threat_protection,
        "email_domains": settings.identity.email_domains,
        "auto_confirm": settings.identity.auto_confirm,
        "programs": settings.identity.scopes(),
        "guests": settings.identity.guests,
        "other_pools": pools,
        "protect": settings.data.protect,
        "account_logging": api.account_logging,
        "objective": settings.observability.objective,
        "figures_period_s": settings.observability.prometheus_period_s,
    }
    if settings.recovery is not None:
        args["closures"] = {
            "stream_arn": ground.tables.stream_arn("users"),
            "lost_events_arn": workflow.lost.queue.arn,
            "lost_events_key_arn": keys.arn("notifications"),
        }
    if stack.site_mark is not None:
        args["site_mark"] = stack.site_mark
    if ground.database is not None:
        args["database"] = {
            "host": ground.database.proxy_endpoint,
            "port": ground.database.port,
            "name": ground.database.database_name,
            "user": APPLICATION,
            "statement": ground.database.may_connect(APPLICATION),
            "layer": ground.database_layer.arn,
        }
    if settings.functions.predictions_concurrency is not None:
        args["predictions_concurrency"] = settings.functions.predictions_concurrency
    if settings.identity.domain is not None:
        args["domain"] = settings.identity.domain
    return SecureApi(stack.named("api"), args, stack.opts)


def rotate(stack: Stack, ground: Foundation) -> list[Rotation]:
    """What gives each secret a new value from time to time."""
    cache, secrets, name = ground.cache, stack.settings.secrets, stack.named("rotation-lost")
    lost = LostEvents(name, f"{stack.prefix}-rotation-lost-events", ground.keys.arn("notifications"), stack.opts)
    shared: RotationArgs = {
        "name_prefix": stack.prefix,
        "noun": "cache",
        "kind": "cache",
        "account_id": stack.account_id,
        "secret_arn": cache.secret.arn,
        "secret_key_arn": ground.keys.arn("secrets"),
        "log_key_arn": ground.keys.arn("logs"),
        "lost_events_arn": lost.queue.arn,
        "lost_events_key_arn": ground.keys.arn("notifications"),
        "every_days": secrets.rotation_days,
        "functions_directory": stack.built.functions,
        "layers": [ground.layer.arn],
        "memory_mb": stack.settings.functions.memory_mb,
        "retention_days": stack.settings.observability.log_days,
    }
    token: RotationArgs = {
        **shared,
        "environment": {
            "cache_group": cache.group.replication_group_id,
            "cache_host": cache.host,
            "cache_port": cache.port.apply(str),
        },
        "statements": cache.may_change_token(),
        # It signs in with the new token before anybody else has to.
        "subnet_ids": ground.network.private_subnet_ids,
        "security_group_ids": ground.network.group_ids("functions"),
    }
    rotations = [Rotation(stack.named("rotation-cache"), token, stack.opts)]
    # A replica follows its primary, and cannot be rotated by itself.
    if ground.callbacks.secret is not None:
        signing: RotationArgs = {
            **shared,
            "noun": "callbacks",
            "kind": "signing",
            "secret_arn": ground.callbacks.secret_arn,
            "environment": {"overlap_days": str(secrets.signing_overlap_days)},
        }
        rotations.append(Rotation(stack.named("rotation-callbacks"), signing, stack.opts))
    if ground.database is not None:
        database = ground.database
        password: RotationArgs = {
            **shared,
            "noun": "database",
            "kind": "database",
            "secret_arn": database.secret.arn,
            "environment": {
                # Known when the role exists, whose password this rotates.
                "database_host": database.proxy_endpoint,
                "database_port": database.port.apply(str),
                "database_name": database.database_name,
                "database_user": ADMINISTRATOR,
            },
            "statements": [database.may_connect(ADMINISTRATOR), database.may_connect(APPLICATION)],
            "layers": [ground.layer.arn, ground.database_layer.arn],
            "subnet_ids": ground.network.private_subnet_ids,
            "security_group_ids": ground.network.group_ids("functions"),
        }
        rotations.append(Rotation(stack.named("rotation-database"), password, stack.opts))
    lost.accept(name, [rotation.daily.arn for rotation in rotations])
    return rotations


def _reading(stack: Stack, ground: Foundation) -> InsightsArgs:
    """The engine that reads feedback, behind a guardrail where the settings ask for one."""
    settings, key = stack.settings.insights, ground.keys.arn("data")
    statements = may_ask(key, settings.engine, settings.model_id)
    args: InsightsArgs = {
        "engine": settings.engine,
        "model_id": settings.model_id,
        "counters_table": ground.tables.table_name("counters"),
        "statements": statements,
        "daily_tokens": settings.daily_tokens,
        "max_tokens": settings.max_tokens,
        "input_price_usd": settings.input_price_usd,
        "output_price_usd": settings.output_price_usd,
    }
    if settings.engine == "bedrock" and settings.guardrail:
        guardrail = Guardrail(
            stack.named("insights"), {"guardrail_name": f"{stack.prefix}-insights", "key_arn": key}, stack.opts
        )
        args["guardrail_id"], args["guardrail_version"] = guardrail.guardrail_id, guardrail.version
        args["statements"] = [*statements, *guardrail.may_apply()]
    return args
