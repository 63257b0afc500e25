"""Database: Aurora PostgreSQL that scales by itself, reached through a proxy with tokens of IAM only."""

from __future__ import annotations

import pulumi
from pulumi import Output, ResourceOptions

from components.aws import cloudwatch, iam, rds, secretsmanager
from components.database import plan, signals
from components.database.args import DatabaseArgs
from components.database.migrations import Migrations
from components.database.proxy import DatabaseProxy
from components.database.waiting import once
from components.keys import partition
from components.values import Alarm, Statement, Widget, trust_json


class Database(pulumi.ComponentResource):
    """A serverless cluster, a proxy in front of it, two roles whose passwords nobody sees, and the schema."""

    cluster: rds.Cluster
    """The cluster."""
    instances: list[rds.ClusterInstance]
    """The writer, and readers that take over from it."""
    secret: secretsmanager.Secret
    """`{"username", "password"}` of the functions' role, which the proxy reads."""
    proxy: DatabaseProxy
    """What functions connect to."""
    migrations: Migrations
    """Brings the schema up to date at each deployment."""
    cluster_arn: Output[str]
    """ARN of the cluster."""
    proxy_endpoint: Output[str]
    """Host that functions connect to; known once the schema is what their code needs."""
    port: Output[int]
    """5432, with TLS; the sandbox answers with the port that its PostgreSQL has."""
    database_name: str
    """Name of the database."""

    def __init__(self, name: str, args: DatabaseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Database", name, {}, opts)
        found = plan.problems(args)
        if found:
            raise ValueError(f"Database {name!r}: " + "; ".join(found))
        self._name, self._args = name, args
        self._id = f"{args['name_prefix']}-database"
        self._replicas = args.get("replicas", 0)
        self._protect = args.get("protect", True)
        self.database_name = plan.NAME
        self.cluster = self._cluster()
        self.instances = self._instances()
        self.secret = self._secret()
        self._rotate_master()
        self.proxy = DatabaseProxy(
            f"{name}-proxy",
            {
                "proxy_name": f"{args['name_prefix']}-database",
                # A proxy finds its target once there is a writer.
                "cluster_identifier": once(self.cluster.cluster_identifier, *self.instances),
                "secret_arns": {plan.ADMINISTRATOR: self.master_secret_arn, plan.APPLICATION: self.secret.arn},
                "secret_key_arn": args["keys"]["secrets"],
                "log_key_arn": args["keys"]["logs"],
                "subnet_ids": args["subnet_ids"],
                "security_group_ids": args["proxy_group_ids"],
                "readers": self._replicas > 0,
                "retention_days": args.get("retention_days", 30),
            },
            ResourceOptions(parent=self),
        )
        self.cluster_arn = self.cluster.arn
        self.port = self.cluster.port.apply(lambda port: plan.PORT if port is None else int(port))
        self.migrations = self._migrations()
        self.proxy_endpoint = once(self.proxy.endpoint, self.migrations.run)
        self.register_outputs({"cluster_arn": self.cluster_arn, "proxy_endpoint": self.proxy_endpoint})

    @property
    def master_secret_arn(self) -> Output[str]:
        """ARN of the administrator's secret, which RDS makes and changes."""
        return self.cluster.master_user_secrets.apply(lambda secrets: str(secrets[0].secret_arn))

    def may_connect(self, user: str = plan.APPLICATION) -> Statement:
        """The right to sign in through the proxy as a database user."""
        return self.proxy.may_connect(user)

    def alarms(self) -> list[Alarm]:
        """Processor, capacity, memory, connections, deadlocks, the readers' lag, and migrations that fail."""
        rows = signals.alarms(self._id, self.proxy.proxy_name, replicas=self._replicas)
        return [*rows, *self.migrations.function.alarms()]

    def widgets(self) -> list[Widget]:
        """Load, capacity, connections and the proxy's answers."""
        return signals.widgets(self._id, self.proxy.proxy_name, replicas=self._replicas)

    def _cluster(self) -> rds.Cluster:
        name, args, child = self._name, self._args, ResourceOptions(parent=self)
        version = args.get("engine_version", "16.8")
        # Made before the cluster: RDS would make its own, without an end and without our key.
        log = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/rds/cluster/{self._id}/postgresql",
            kms_key_id=args["keys"]["logs"],
            retention_in_days=args.get("retention_days", 30),
            opts=child,
        )
        subnets = rds.SubnetGroup(
            f"{name}-subnets",
            name=self._id,
            description=f"Subnets of {self._id}",
            subnet_ids=args["subnet_ids"],
            opts=child,
        )
        parameters = rds.ClusterParameterGroup(
            f"{name}-parameters",
            family=plan.family(version),
            description=f"Settings of {self._id}",
            parameters=plan.PARAMETERS,
            opts=child,
        )
        return rds.Cluster(
            f"{name}-cluster",
            cluster_identifier=self._id,
            engine=plan.ENGINE,
            engine_mode="provisioned",
            engine_version=version,
            database_name=plan.NAME,
            master_username=plan.ADMINISTRATOR,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args["keys"]["secrets"],
            iam_database_authentication_enabled=True,
            port=plan.PORT,
            serverlessv2_scaling_configuration={
                "min_capacity": args.get("min_capacity", 0.5),
                "max_capacity": args.get("max_capacity", 2.0),
            },
            storage_encrypted=True,
            kms_key_id=args["keys"]["data"],
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=args["cluster_group_ids"],
            db_cluster_parameter_group_name=parameters.name,
            enabled_cloudwatch_logs_exports=["postgresql"],
            backup_retention_period=args.get("backup_days", 30),
            preferred_backup_window="03:00-04:00",
            preferred_maintenance_window="sun:05:00-sun:06:00",
            copy_tags_to_snapshot=True,
            deletion_protection=self._protect,
            skip_final_snapshot=not self._protect,
            final_snapshot_identifier=f"{self._id}-final" if self._protect else None,
            delete_automated_backups=not self._protect,
            apply_immediately=False,
            opts=ResourceOptions(
                parent=self,
                protect=self._protect,
                depends_on=[log],
                # AWS raises the minor version in the maintenance window; the declared one is the first one.
                ignore_changes=["engineVersion"],
            ),
        )

    def _instances(self) -> list[rds.ClusterInstance]:
        name, args = self._name, self._args
        role = iam.Role(
            f"{name}-monitoring-role",
            assume_role_policy=trust_json(
                "monitoring.rds.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": [args["account_id"]]}}
            ),
            description=f"Lets RDS write what it measures inside of {self._id}",
            opts=ResourceOptions(parent=self),
        )
        rights = iam.RolePolicy(
            f"{name}-monitoring-rights",
            role=role.id,
            policy=plan.monitoring_rights(partition(args["region"]), args["region"], args["account_id"]),
            opts=ResourceOptions(parent=self),
        )
        return [
            rds.ClusterInstance(
                f"{name}-{place}",
                identifier=f"{self._id}-{place}",
                cluster_identifier=self.cluster.cluster_identifier,
                engine=rds.EngineType.AURORA_POSTGRESQL,
                instance_class="db.serverless",
                publicly_accessible=False,
                auto_minor_version_upgrade=True,
                copy_tags_to_snapshot=True,
                monitoring_interval=plan.MONITORING_S,
                monitoring_role_arn=role.arn,
                performance_insights_enabled=True,
                performance_insights_kms_key_id=args["keys"]["data"],
                performance_insights_retention_period=7,
                # The first reader has the writer's size at each moment, so that it can take over.
                promotion_tier=0 if place <= 2 else 2,
                opts=ResourceOptions(parent=self, depends_on=[rights]),
            )
            for place in range(1, self._replicas + 2)
        ]

    def _secret(self) -> secretsmanager.Secret:
        """The functions' role and a password made once: the migrations function gives it to PostgreSQL."""
        name, args = self._name, self._args
        secret = secretsmanager.Secret(
            f"{name}-application",
            description=f"Role of the functions in {self._id}",
            kms_key_id=args["keys"]["secrets"],
            recovery_window_in_days=args.get("secret_recovery_days", 30),
            opts=ResourceOptions(parent=self, protect=self._protect),
        )
        invented = secretsmanager.get_random_password_output(
            password_length=48, exclude_punctuation=True, opts=pulumi.InvokeOptions(parent=self)
        )
        password: Output[str] = Output.secret(invented.random_password)
        secretsmanager.SecretVersion(
            f"{name}-application-value",
            secret_id=secret.id,
            secret_string=password.apply(plan.credentials),
            # Each run invents another one, and rotation changes it behind Pulumi's back; the first one counts.
            opts=ResourceOptions(parent=self, ignore_changes=["secretString"]),
        )
        return secret

    def _rotate_master(self) -> None:
        secretsmanager.SecretRotation(
            f"{self._name}-master-rotation",
            secret_id=self.master_secret_arn,
            # RDS changes it itself, in seven days unless it is told otherwise.
            rotation_rules={"automatically_after_days": self._args.get("rotation_days", 30)},
            rotate_immediately=False,
            opts=ResourceOptions(parent=self),
        )

    def _migrations(self) -> Migrations:
        args = self._args
        return Migrations(
            f"{self._name}-migrations",
            {
                "function_name": f"{args['name_prefix']}-migrations",
                "code": args["migrations_code"],
                "digest": args["migrations_digest"],
                "layers": args.get("layers", []),
                "key_arn": args["keys"]["logs"],
                "host": self.proxy.endpoint,
                "port": self.port,
                "database_name": plan.NAME,
                "user": plan.ADMINISTRATOR,
                "application_secret": self.secret.arn,
                "waiting": args.get("waiting", False),
                "statements": [
                    self.may_connect(plan.ADMINISTRATOR),
                    *plan.may_read("ApplicationSecret", self.secret.arn, args["keys"]["secrets"]),
                ],
                "subnet_ids": args["function_subnet_ids"],
                "security_group_ids": args["function_group_ids"],
                "memory_mb": args.get("memory_mb", 512),
                "retention_days": args.get("retention_days", 30),
            },
            ResourceOptions(parent=self),
        )
