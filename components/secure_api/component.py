"""SecureApi: one REST API from one document, with its users, functions, logs and firewall."""

from __future__ import annotations

import hashlib
from typing import Any, Final
from urllib.parse import urlsplit

import pulumi
from pulumi import Output, ResourceOptions

from components import insights
from components.aws import apigateway, cloudwatch, iam
from components.function import Function, may_call
from components.secure_api import closures, watched
from components.secure_api.args import STAGE, SecureApiArgs, TrustedPool, identity_args, problems
from components.secure_api.capabilities import capabilities
from components.secure_api.document import deployed, execution_path, method_path, text
from components.secure_api.identity import Identity
from components.secure_api.identity_folders import Folders
from components.secure_api.watched import access as log
from components.secure_api.watched import signals, usage
from components.secure_api.web_acl import HEALTH_PATH, WebAcl, WebAclArgs
from components.values import Alarm, Statement, Widget, formatted, policy_json, trust_json
from functions.openapi import document
from functions.routes import ROUTES
from functions.shared.headers import TOKEN_WINDOW_S

_LOG_ACTIONS: Final = (
    *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams"),
    *("logs:FilterLogEvents", "logs:GetLogEvents", "logs:PutLogEvents"),
)


class SecureApi(pulumi.ComponentResource):
    """Answers only what the route table says, to whom it says, in the shape it says."""

    identity: Identity
    """User pool, groups, scopes and clients."""
    folders: Folders
    """The identity pool by which each user reaches a folder of their own."""
    functions: dict[str, Function]
    """accounts, predictions, trainings, registry and system."""
    api: apigateway.RestApi
    """The REST API; its body is the deployed document."""
    stage: apigateway.Stage
    """`api`."""
    web_acl: WebAcl
    """The firewall."""
    keys: dict[str, apigateway.ApiKey]
    """API keys of third parties."""
    service: str
    """What X-Ray calls the API."""
    api_url: Output[str]
    """Address to which `/ml/predict` is appended."""
    host: Output[str]
    """Host of that address."""

    def __init__(self, name: str, args: SecureApiArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:SecureApi", name, {}, opts)
        found = problems(args)
        if found:
            raise ValueError(f"SecureApi {name!r}: " + "; ".join(found))
        self._args = args
        self._api_name = f"{args['name_prefix']}-api"
        self.service = f"{self._api_name}/{STAGE}"
        child = ResourceOptions(parent=self)
        self.identity = Identity(f"{name}-identity", identity_args(args), child)
        self.functions = capabilities(name, args, self.identity, child)
        closures.follow(name, self.functions["users"], args.get("closures"), child)
        self.folders = Folders(
            f"{name}-folders",
            {
                "name_prefix": args["name_prefix"],
                "bucket": args["folders_bucket"],
                "key_arn": args["keys"]["data"],
                "provider_name": self.identity.pool.endpoint,
                "client_id": self.identity.client_id,
                "guests": args.get("guests", False),
            },
            child,
        )
        body = self._body()
        self.api = apigateway.RestApi(
            f"{name}-rest",
            name=self._api_name,
            description="Predictions, trainings and models",
            body=body,
            endpoint_configuration={"types": "REGIONAL"},
            minimum_compression_size=str(self._args.get("compress_bytes", 1024)),
            # AWS may warn of keywords that its importer knows (additionalProperties among them) and still applies;
            # what it would really leave out, functions check as well. A warning must not stop a first deployment.
            fail_on_warnings=False,
            opts=child,
        )
        permissions = self._permissions(name)
        deployment = apigateway.Deployment(
            f"{name}-deployment",
            rest_api=self.api.id,
            # A stage keeps its old document until it is deployed again; the new one stands before the old one goes.
            triggers={"document": body.apply(lambda known: hashlib.sha256(known.encode()).hexdigest())},
            opts=ResourceOptions(parent=self, depends_on=permissions),
        )
        self.stage = self._stage(name, deployment)
        self._method_settings(name)
        self.web_acl = WebAcl(f"{name}-firewall", self._web_acl_args(), child)
        self.keys = self._partner_keys(name)
        self._daily_users = watched.save(name, args["name_prefix"], self.functions, child)
        self.api_url = self.stage.invoke_url.apply(lambda url: f"{url}/v1")
        self.host = self.stage.invoke_url.apply(lambda url: str(urlsplit(url).hostname))
        self.user_pool_id = self.identity.user_pool_id
        self.user_pool_client_id = self.identity.client_id
        self.register_outputs({"api_url": self.api_url, "user_pool_id": self.user_pool_id})

    def alarms(self) -> list[Alarm]:
        """Of the stage, the firewall and each function."""
        mine = signals.alarms(self._api_name, STAGE, self._args.get("objective", watched.OBJECTIVE))
        mine += [
            *log.alarms(self._api_name),
            *usage.alarms(self.functions["predictions"].function_name),
            *self.web_acl.alarms(),
            *closures.alarms(self.functions["users"], self._args.get("closures")),
        ]
        mine += insights.alarms(self.functions["insights"].function_name)
        functions = [*self.functions.values(), self.identity.sign_up, self.identity.keyring]
        return mine + [alarm for function in functions for alarm in function.alarms()]

    def widgets(self) -> list[Widget]:
        """Of the stage and its routes, the firewall and each function."""
        reader = self.functions["insights"].function_name
        predictions, users = self.functions["predictions"].function_name, self.identity
        pools = {"pool": users.user_pool_id, "client": users.client_id}
        mine = [
            *signals.widgets(self._api_name, STAGE),
            *log.widgets(self._api_name),
            *self.web_acl.widgets(),
            *insights.widgets(reader),
            *closures.widgets(self.functions["users"], self._args.get("closures")),
        ]
        mine += usage.widgets(self._api_name, STAGE, predictions, self._daily_users, **pools)
        functions = [*self.functions.values(), self.identity.sign_up]
        return mine + [widget for function in functions for widget in function.widgets()]

    def trusted_pool(self) -> TrustedPool:
        """The user pool, for the API of another region whose callers may be signed in here."""
        clients = [self.identity.client_id, *(client.id for client in self.identity.programs.values())]
        return {
            "user_pool_id": self.identity.user_pool_id,
            "user_pool_arn": self.identity.user_pool_arn,
            "client_id": Output.all(*clients).apply(",".join),
        }

    def _body(self) -> Output[str]:
        invoke_arns = {capability: function.invoke_arn for capability, function in self.functions.items()}
        origins = self._args.get("cors_origins", [])
        keyed = bool(self._args.get("partners", []))
        openapi = document()
        pools = [self.identity.user_pool_arn, *(row["user_pool_arn"] for row in self._args.get("other_pools", []))]
        return Output.all(invoke_arns=invoke_arns, pools=Output.all(*pools)).apply(
            lambda known: text(
                deployed(openapi, known["invoke_arns"], known["pools"], cors_origins=origins, require_api_key=keyed)
            )
        )

    def _permissions(self, name: str) -> list[pulumi.Resource]:
        return [
            may_call(
                f"{name}-may-{route.operation.replace('_', '-')}",
                self.functions[route.capability],
                "apigateway.amazonaws.com",
                formatted("{0}/{1}/{2}", self.api.execution_arn, STAGE, execution_path(route)),
                ResourceOptions(parent=self),
            )
            for route in ROUTES
        ]

    def _stage(self, name: str, deployment: apigateway.Deployment) -> apigateway.Stage:
        log_days, key = self._args.get("log_days", 30), self._args["keys"]["logs"]
        access = cloudwatch.LogGroup(
            f"{name}-access-log",
            name=f"/aws/apigateway/{self._api_name}/access",
            kms_key_id=key,
            retention_in_days=log_days,
            opts=ResourceOptions(parent=self),
        )
        log.count(name, access.name, ResourceOptions(parent=self))
        # The gateway makes this group by itself, unencrypted and for ever, unless it stands already.
        errors = cloudwatch.LogGroup(
            f"{name}-error-log",
            name=self.api.id.apply(lambda api: f"API-Gateway-Execution-Logs_{api}/{STAGE}"),
            kms_key_id=key,
            retention_in_days=log_days,
            opts=ResourceOptions(parent=self),
        )
        return apigateway.Stage(
            f"{name}-stage",
            rest_api=self.api.id,
            deployment=deployment.id,
            stage_name=STAGE,
            xray_tracing_enabled=True,
            access_log_settings={
                "destination_arn": access.arn,
                "format": log.form(self._api_name),
            },
            opts=ResourceOptions(parent=self, depends_on=[errors, *self._account(name)]),
        )

    def _account(self, name: str) -> list[pulumi.Resource]:
        """The role by which API Gateway writes any log in this account and region."""
        if not self._args.get("account_logging", True):
            return []
        role = iam.Role(
            f"{name}-logs",
            assume_role_policy=trust_json("apigateway.amazonaws.com"),
            description="API Gateway writes its logs",
            opts=ResourceOptions(parent=self),
        )
        # One role serves every API of the account, and API Gateway refuses one that is bound to some groups.
        statement: Statement = {"Sid": "WriteLogs", "Effect": "Allow", "Action": _LOG_ACTIONS, "Resource": ["*"]}
        granted = iam.RolePolicy(
            f"{name}-logs-rights", role=role.id, policy=policy_json([statement]), opts=ResourceOptions(parent=self)
        )
        account = apigateway.Account(
            f"{name}-account",
            cloudwatch_role_arn=role.arn,
            opts=ResourceOptions(parent=self, depends_on=[granted]),
        )
        return [account]

    def _method_settings(self, name: str) -> None:
        limits = {
            "*/*": (self._args.get("requests_per_second", 1000), self._args.get("burst", 2000)),
            **{method_path(route): (route.throttle_rps, route.throttle_burst) for route in ROUTES},
        }
        names = {"*/*": "all", **{method_path(route): route.operation.replace("_", "-") for route in ROUTES}}
        for path, (rate, burst) in limits.items():
            apigateway.MethodSettings(
                f"{name}-limits-{names[path]}",
                rest_api=self.api.id,
                stage_name=self.stage.stage_name,
                method_path=path,
                settings={
                    "caching_enabled": False,
                    # Bodies hold personal data.
                    "data_trace_enabled": False,
                    "logging_level": "ERROR",
                    "metrics_enabled": True,
                    "throttling_burst_limit": burst,
                    "throttling_rate_limit": rate,
                },
                opts=ResourceOptions(parent=self),
            )

    def _partner_keys(self, name: str) -> dict[str, apigateway.ApiKey]:
        args, child = self._args, ResourceOptions(parent=self)
        partners = args.get("partners", [])
        quota: Any = {"limit": args["requests_per_day"], "period": "DAY"} if "requests_per_day" in args else None
        plan = apigateway.UsagePlan(
            f"{name}-plan",
            name=f"{args['name_prefix']}-partners",
            description="What each third party may use",
            api_stages=[{"api_id": self.api.id, "stage": self.stage.stage_name}],
            throttle_settings={
                "rate_limit": args.get("requests_per_second", 1000),
                "burst_limit": args.get("burst", 2000),
            },
            quota_settings=quota,
            opts=child,
        )
        found = {}
        for partner in partners:
            key = apigateway.ApiKey(
                f"{name}-key-{partner}", name=f"{args['name_prefix']}-{partner}", enabled=True, opts=child
            )
            apigateway.UsagePlanKey(
                f"{name}-plan-{partner}", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=child
            )
            found[partner] = key
        return found

    def _web_acl_args(self) -> WebAclArgs:
        everything: Any = dict(self._args)
        given: Any = {
            "resource_arn": self.stage.arn,
            "key_arn": self._args["keys"]["logs"],
            "health_path": f"/{STAGE}{HEALTH_PATH}",
            "requests_per_caller": self._args.get("requests_per_user", 1000) * TOKEN_WINDOW_S,
        }
        names = ("name_prefix", "requests_per_address", "countries", "log_days")
        given |= {key: everything[key] for key in names if key in everything}
        if "site_mark" in self._args:
            given["mark"] = self._args["site_mark"]
        chosen: WebAclArgs = given
        return chosen
