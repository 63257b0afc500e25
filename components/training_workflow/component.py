"""TrainingWorkflow: the state machine that trains, judges, registers and promotes, with all that it stands on."""

from __future__ import annotations

import json
import re
from typing import Any

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudwatch, iam, s3, sagemaker, sfn, sns
from components.function import Function
from components.ml_endpoint.rights import local_arn
from components.observability import deny_without_tls
from components.training_workflow import rights, signals
from components.training_workflow.args import ALGORITHMS, TrainingWorkflowArgs, problems
from components.training_workflow.capabilities import SEED, capabilities
from components.training_workflow.plan import CODE_ARCHIVE, Plan
from components.training_workflow.states import definition
from components.training_workflow.triggers import LostEvents, Triggers
from components.values import Alarm, Statement, Widget, filled, formatted, policy_json, trust_json
from functions.shared.places import CODE


class TrainingWorkflow(pulumi.ComponentResource):
    """Trains on uploads, by the calendar or by hand, and puts approved models behind the endpoint."""

    functions: dict[str, Function]
    """intake, compare, release and approvals."""
    topic: sns.Topic
    """Hears how executions ended."""
    group: sagemaker.ModelPackageGroup
    """Registry of versions."""
    job_role: iam.Role
    """Role of training and processing containers."""
    role: iam.Role
    """Role of the state machine."""
    machine: sfn.StateMachine
    """The state machine."""
    triggers: Triggers
    """Rules and schedule."""
    state_machine_arn: Output[str]
    """ARN of the state machine."""
    model_package_group: Output[str]
    """Name of the model package group."""

    def __init__(self, name: str, args: TrainingWorkflowArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:TrainingWorkflow", name, {}, opts)
        found = problems(args)
        if found:
            raise ValueError(f"TrainingWorkflow {name!r}: " + "; ".join(found))
        self._args = args
        self._machine_name = f"{args['name_prefix']}-training"
        child = ResourceOptions(parent=self)
        self.lost = LostEvents(
            f"{name}-lost", f"{args['name_prefix']}-lost-events", args["keys"]["notifications"], child
        )
        self.functions = capabilities(name, args, self._machine_name, self.lost.queue.arn, child)
        self.topic = self._topic(name)
        self.group = sagemaker.ModelPackageGroup(
            f"{name}-models",
            model_package_group_name=f"{args['name_prefix']}-models",
            model_package_group_description="Versions that passed the comparison with the live model",
            opts=child,
        )
        code = self._code(name)
        self.job_role = iam.Role(
            f"{name}-jobs",
            assume_role_policy=trust_json("sagemaker.amazonaws.com"),
            description="What training and processing containers may do",
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{name}-jobs-rights",
            role=self.job_role.id,
            policy=policy_json(rights.job_statements(args)),
            opts=child,
        )
        self.machine = self._machine(name, code, granted)
        self.triggers = Triggers(
            f"{name}-starts",
            prefix=args["name_prefix"],
            raw_bucket=args["raw_bucket"],
            machine_arn=self.machine.arn,
            approvals=self.functions["approvals"],
            schedule=args.get("schedule", "cron(0 3 1 * ? *)"),
            lost=self.lost,
            key_arn=args["keys"]["notifications"],
            active=args.get("active", True),
            opts=child,
        )
        self.state_machine_arn = self.machine.arn
        self.model_package_group = self.group.model_package_group_name
        self.register_outputs(
            {"state_machine_arn": self.state_machine_arn, "model_package_group": self.model_package_group}
        )

    def may_start(self) -> Statement:
        """The right to start an execution."""
        return rights.allow("StartTraining", ["states:StartExecution"], [self.state_machine_arn])

    def may_approve(self) -> Statement:
        """The right to decide on versions of the model package group."""
        group = f"model-package/{self._args['name_prefix']}-models/*"
        return rights.allow(
            "DecideOnModels", ["sagemaker:UpdateModelPackage"], rights.own(self._args, "sagemaker", group)
        )

    def spending_roles(self) -> list[iam.Role]:
        """Roles that start what is paid by the hour: a spent budget takes the right from them."""
        return [self.role, self.job_role]

    def alarms(self) -> list[Alarm]:
        """Executions that fail, time out or are throttled, events that were lost, and the functions' alarms."""
        mine = signals.alarms(
            self._arn(), f"{self._args['name_prefix']}-lost-events", self.functions["compare"].function_name
        )
        return mine + [alarm for function in self.functions.values() for alarm in function.alarms()]

    def widgets(self) -> list[Widget]:
        """Executions and their time, and the functions' rows."""
        mine = signals.widgets(self._arn(), self.functions["compare"].function_name)
        return mine + [widget for function in self.functions.values() for widget in function.widgets()]

    def _arn(self) -> Output[str]:
        return self.state_machine_arn

    def _topic(self, name: str) -> sns.Topic:
        topic = sns.Topic(
            f"{name}-topic",
            name=self._machine_name,
            kms_master_key_id=self._args["keys"]["notifications"],
            opts=ResourceOptions(parent=self),
        )
        sns.TopicPolicy(
            f"{name}-topic-policy",
            arn=topic.arn,
            policy=policy_json([deny_without_tls(topic.arn)]),
            opts=ResourceOptions(parent=self),
        )
        for email in self._args.get("emails", []):
            sns.TopicSubscription(
                f"{name}-{re.sub('[^a-z0-9]+', '-', email.lower())}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=ResourceOptions(parent=self),
            )
        return topic

    def _code(self, name: str) -> s3.BucketObjectv2:
        """The training code at an address of its own, so that a running execution keeps the code it began with."""
        return s3.BucketObjectv2(
            f"{name}-code",
            bucket=self._args["models_bucket"],
            key=f"{CODE}{self._args['code_digest'][:12]}/{CODE_ARCHIVE}",
            source=pulumi.FileAsset(self._args["code_path"]),
            kms_key_id=self._args["keys"]["models"],
            server_side_encryption="aws:kms",
            opts=ResourceOptions(parent=self, retain_on_delete=True),
        )

    def _machine(self, name: str, code: s3.BucketObjectv2, jobs: iam.RolePolicy) -> sfn.StateMachine:
        args = self._args
        child = ResourceOptions(parent=self)
        # Below vendedlogs the delivery needs no entry in the account's size-limited resource policy.
        log_group = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/vendedlogs/states/{self._machine_name}",
            kms_key_id=args["keys"]["logs"],
            retention_in_days=args.get("log_days", 30),
            opts=child,
        )
        self.role = role = iam.Role(
            f"{name}-role",
            assume_role_policy=trust_json("states.amazonaws.com", conditions=self._source()),
            description="What the training's state machine may do",
            opts=child,
        )
        model_role = Output.from_input(args["hosting"]["Model"]["ExecutionRoleArn"])
        granted = iam.RolePolicy(
            f"{name}-rights",
            role=role.id,
            policy=policy_json(
                rights.machine_statements(
                    args,
                    functions=[self.functions[key].alias_arn for key in ("intake", "compare", "release")],
                    roles=[self.job_role.arn, model_role],
                    topic_arn=self.topic.arn,
                )
            ),
            opts=child,
        )
        document = filled(self._plan(code), lambda known: json.dumps(definition(Plan(**known)), sort_keys=True))
        return sfn.StateMachine(
            f"{name}-machine",
            name=self._machine_name,
            type="STANDARD",
            definition=document,
            role_arn=role.arn,
            logging_configuration={
                "level": "ALL",
                # Inputs name files and people; the history in Step Functions has them for those who may see it.
                "include_execution_data": False,
                "log_destination": formatted("{0}:*", log_group.arn),
            },
            tracing_configuration={"enabled": True},
            # Step Functions tries the role's right to deliver logs when the machine is made.
            opts=ResourceOptions(parent=self, depends_on=[granted, jobs]),
        )

    def _source(self) -> dict[str, dict[str, Input[Any]]]:
        machine = local_arn(self._args["keys"]["data"], "states", f"stateMachine:{self._machine_name}")
        return {"ArnLike": {"aws:SourceArn": [machine]}}

    def _plan(self, code: s3.BucketObjectv2) -> dict[str, Any]:
        args = self._args
        network = {}
        if args.get("private_jobs", False):
            network = {"VpcConfig": {"Subnets": args["subnet_ids"], "SecurityGroupIds": args["security_group_ids"]}}
        given: dict[str, Any] = {
            "functions": {key: self.functions[key].alias_arn for key in ("intake", "compare", "release")},
            "image": args["image"],
            "role_arn": self.job_role.arn,
            "key_arn": args["keys"]["models"],
            "code_uri": formatted("s3://{0}/{1}", code.bucket, code.key),
            "models_table": args["models_table"],
            "model_package_group": self.group.model_package_group_name,
            "topic_arn": self.topic.arn,
            "endpoint_name": args["endpoint_name"],
            "hosting": args["hosting"],
            "network": network,
            "algorithms": ",".join(args.get("algorithms", ALGORITHMS)),
            "seed": SEED,
        }
        everything: dict[str, Any] = dict(args)
        chosen = (
            *("target_column", "metric", "processing_instance_type", "training_instance_type"),
            *("max_runtime_s", "max_wait_s", "spot", "automatic_approval", "tags"),
        )
        return given | {key: everything[key] for key in chosen if key in everything}
