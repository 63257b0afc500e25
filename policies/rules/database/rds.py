"""Clusters, instances and proxies of RDS."""

from __future__ import annotations

from collections.abc import Iterable

from policies.conditions import all_of, at_least, is_on, must_be_off, must_be_on, must_be_set
from policies.resources import Node, read
from policies.rule import Rule

CLUSTER = "aws:rds/cluster:Cluster"
INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
SINGLE = "aws:rds/instance:Instance"
PARAMETERS = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
PROXY = "aws:rds/proxy:Proxy"
_GIVEN_NAMES = ("admin", "postgres", "root", "awsuser", "rdsadmin")


def own_name(cluster: Node) -> Iterable[str]:
    """The administrator is not called what everybody tries first."""
    name = cluster.read("masterUsername")
    if name in _GIVEN_NAMES:
        yield f"masterUsername is {name!r}; allowed: another than {', '.join(_GIVEN_NAMES)}"


def password_kept_by_rds(cluster: Node) -> Iterable[str]:
    """RDS draws the password; the program never holds it."""
    if not is_on(cluster.props, "manageMasterUserPassword"):
        yield "manageMasterUserPassword is False; allowed: True"
    yield from must_be_set("masterUserSecretKmsKeyId")(cluster)


def logged(cluster: Node) -> Iterable[str]:
    """Its log reaches CloudWatch."""
    kinds = cluster.read("enabledCloudwatchLogsExports", [])
    if "postgresql" not in kinds:
        yield f"enabledCloudwatchLogsExports is {kinds!r}; allowed: with 'postgresql'"


def survives(cluster: Node) -> Iterable[str]:
    """What is protected from deletion is worth a second instance, in another zone."""
    if is_on(cluster.props, "deletionProtection"):
        found = len(cluster.companions(INSTANCE, "clusterIdentifier"))
        if found < 2:
            yield f"it has {found} instance(s) ({INSTANCE}); allowed: 2 or more"


def private(instance: Node) -> Iterable[str]:
    """It has no address outside."""
    if is_on(instance.props, "publiclyAccessible"):
        yield "publiclyAccessible is True; allowed: False"


def forced_tls(group: Node) -> Iterable[str]:
    """The server refuses connections without TLS."""
    given = {str(read(row, "name")): str(read(row, "value")) for row in group.rows("parameters")}
    if given.get("rds.force_ssl") != "1":
        yield f"parameters has rds.force_ssl {given.get('rds.force_ssl')!r}; allowed: '1'"


def by_iam_only(proxy: Node) -> Iterable[str]:
    """Nobody gets through with a password."""
    for number, row in enumerate(proxy.rows("auths")):
        found = read(row, "iamAuth")
        if found != "REQUIRED":
            yield f"auths[{number}].iamAuth is {found!r}; allowed: 'REQUIRED'"


RULES = (
    Rule(
        id="database-encrypted",
        severity="high",
        controls=("FSBP RDS.3", "FSBP RDS.27"),
        types=(CLUSTER, SINGLE),
        what="Its storage, and so every snapshot, is encrypted by a KMS key of ours.",
        why="Snapshots leave the database; only a key of ours can be revoked.",
        mend="set storage_encrypted True and kms_key_id",
        check=all_of(must_be_on("storageEncrypted"), must_be_set("kmsKeyId")),
    ),
    Rule(
        id="database-private",
        severity="critical",
        controls=("FSBP RDS.2",),
        types=(INSTANCE, SINGLE),
        what="No instance has a public address.",
        why="Everybody could try to sign in.",
        mend="leave publicly_accessible out, or set it False",
        check=private,
    ),
    Rule(
        id="database-iam-sign-in",
        severity="medium",
        controls=("FSBP RDS.10", "FSBP RDS.12"),
        types=(CLUSTER, SINGLE),
        what="Tokens of IAM are taken in place of passwords.",
        why="A password that lies in a setting outlives whoever knew it.",
        mend="set iam_database_authentication_enabled True",
        check=must_be_on("iamDatabaseAuthenticationEnabled"),
    ),
    Rule(
        id="database-administrator",
        severity="medium",
        controls=("FSBP RDS.24",),
        types=(CLUSTER,),
        what="The administrator has a name of its own.",
        why="Guessing begins with the names that every manual gives.",
        mend="set master_username to another name",
        check=own_name,
    ),
    Rule(
        id="database-password-managed",
        severity="high",
        types=(CLUSTER,),
        what="RDS draws the administrator's password and keeps it in a secret under a KMS key of ours.",
        why="A password in the program is in its state, its history and its logs.",
        mend="set manage_master_user_password True and master_user_secret_kms_key_id",
        check=password_kept_by_rds,
    ),
    Rule(
        id="database-backed-up",
        severity="medium",
        controls=("FSBP RDS.11", "FSBP RDS.50"),
        types=(CLUSTER,),
        what="It can be restored to any second of the last seven days or more, and snapshots keep its tags.",
        why="A mistake is often seen days later.",
        mend="set backup_retention_period to 7 or more and copy_tags_to_snapshot True",
        check=all_of(at_least("backupRetentionPeriod", 7, default=1), must_be_on("copyTagsToSnapshot")),
    ),
    Rule(
        id="database-logged",
        severity="medium",
        controls=("FSBP RDS.37",),
        types=(CLUSTER,),
        what="PostgreSQL's log reaches CloudWatch.",
        why="Refused sign-ins and cancelled statements would be seen by nobody.",
        mend="set enabled_cloudwatch_logs_exports to include postgresql",
        check=logged,
    ),
    Rule(
        id="database-survives-a-zone",
        severity="medium",
        controls=("FSBP RDS.15",),
        types=(CLUSTER,),
        scope="stack",
        what="A cluster that is protected from deletion has two instances or more.",
        why="With one alone a lost zone is an outage of ten minutes, and maintenance one of a minute.",
        mend="declare another ClusterInstance, or switch deletion_protection off where the data is expendable",
        check=survives,
    ),
    Rule(
        id="database-instance-watched",
        severity="low",
        controls=("FSBP RDS.6",),
        types=(INSTANCE,),
        what="Enhanced monitoring and encrypted statistics of statements are on.",
        why="Without them nobody can tell which statement made the database slow.",
        mend="set monitoring_interval, performance_insights_enabled and performance_insights_kms_key_id",
        check=all_of(
            at_least("monitoringInterval", 1),
            must_be_on("performanceInsightsEnabled"),
            must_be_set("performanceInsightsKmsKeyId"),
        ),
    ),
    Rule(
        id="database-minor-upgrades",
        severity="high",
        controls=("FSBP RDS.13", "FSBP RDS.35"),
        types=(INSTANCE,),
        what="Minor versions, which mend holes, are installed by themselves.",
        why="A hole that is known is used within days.",
        mend="leave auto_minor_version_upgrade out, or set it True",
        check=must_be_on("autoMinorVersionUpgrade", default=True),
    ),
    Rule(
        id="database-encrypted-in-transit",
        severity="medium",
        controls=("FSBP RDS.38",),
        types=(PARAMETERS,),
        what="The server refuses connections without TLS.",
        why="Rows and tokens would cross the network in clear text.",
        mend="set the parameter rds.force_ssl to 1",
        check=forced_tls,
    ),
    Rule(
        id="database-proxy-encrypted",
        severity="medium",
        controls=("FSBP RDS.43",),
        types=(PROXY,),
        what="The proxy takes TLS connections only, and logs no statements.",
        why="Tokens and rows would cross the network in clear text, or lie in a log.",
        mend="set require_tls True and debug_logging False",
        check=all_of(must_be_on("requireTls"), must_be_off("debugLogging")),
    ),
    Rule(
        id="database-proxy-by-iam",
        severity="high",
        types=(PROXY,),
        what="The proxy takes tokens of IAM only.",
        why="With a password anybody who learns it gets in, from wherever the proxy can be reached.",
        mend='set iam_auth to "REQUIRED" in each row of auths',
        check=by_iam_only,
    ),
)
