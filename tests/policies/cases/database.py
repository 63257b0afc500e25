"""RDS: what is good and bad."""

from __future__ import annotations

from tests.policies.rows import Case, but, row, without

KEY = "arn:aws:kms:eu-west-1:1:key/k"
_CLUSTER = row(
    "aws:rds/cluster:Cluster",
    "cluster",
    storageEncrypted=True,
    kmsKeyId=KEY,
    iamDatabaseAuthenticationEnabled=True,
    masterUsername="administrator",
    manageMasterUserPassword=True,
    masterUserSecretKmsKeyId=KEY,
    backupRetentionPeriod=30,
    copyTagsToSnapshot=True,
    enabledCloudwatchLogsExports=["postgresql"],
    deletionProtection=True,
)
DATABASE = [
    _CLUSTER,
    *(
        row(
            "aws:rds/clusterInstance:ClusterInstance",
            name,
            _CLUSTER,
            clusterIdentifier="cluster-id",
            publiclyAccessible=False,
            monitoringInterval=60,
            performanceInsightsEnabled=True,
            performanceInsightsKmsKeyId=KEY,
            autoMinorVersionUpgrade=True,
        )
        for name in ("writer", "reader")
    ),
    row(
        "aws:rds/clusterParameterGroup:ClusterParameterGroup",
        "parameters",
        parameters=[{"name": "rds.force_ssl", "value": "1"}],
    ),
    row(
        "aws:rds/proxy:Proxy",
        "proxy",
        requireTls=True,
        auths=[{"secretArn": "arn:aws:secretsmanager:eu-west-1:1:secret:a", "iamAuth": "REQUIRED"}],
    ),
]

CASES = (
    Case(
        "database-encrypted",
        {"encrypted": DATABASE},
        {
            "clear": but(DATABASE, "cluster", storageEncrypted=False),
            "AWS's key": but(DATABASE, "cluster", kmsKeyId=None),
        },
    ),
    Case(
        "database-private",
        {"private": DATABASE, "by default": but(DATABASE, "writer", publiclyAccessible=None)},
        {"public": but(DATABASE, "writer", publiclyAccessible=True)},
        "publiclyAccessible",
    ),
    Case(
        "database-iam-sign-in",
        {"on": DATABASE},
        {"off": but(DATABASE, "cluster", iamDatabaseAuthenticationEnabled=None)},
        "iamDatabaseAuthenticationEnabled",
    ),
    Case(
        "database-administrator",
        {"own name": DATABASE},
        {"postgres": but(DATABASE, "cluster", masterUsername="postgres")},
        "masterUsername",
    ),
    Case(
        "database-password-managed",
        {"by RDS": DATABASE},
        {
            "by the program": but(DATABASE, "cluster", manageMasterUserPassword=None),
            "AWS's key": but(DATABASE, "cluster", masterUserSecretKmsKeyId=None),
        },
        "master",
    ),
    Case(
        "database-backed-up",
        {"30 days": DATABASE, "7 days": but(DATABASE, "cluster", backupRetentionPeriod=7)},
        {
            "a day": but(DATABASE, "cluster", backupRetentionPeriod=None),
            "tags lost": but(DATABASE, "cluster", copyTagsToSnapshot=False),
        },
    ),
    Case(
        "database-logged",
        {"logged": DATABASE},
        {"nothing": but(DATABASE, "cluster", enabledCloudwatchLogsExports=None)},
        "enabledCloudwatchLogsExports",
    ),
    Case(
        "database-survives-a-zone",
        {"two": DATABASE, "expendable": without(but(DATABASE, "cluster", deletionProtection=False), "reader")},
        {"one": without(DATABASE, "reader")},
        "it has 1 instance(s)",
    ),
    Case(
        "database-instance-watched",
        {"watched": DATABASE},
        {
            "no monitoring": but(DATABASE, "reader", monitoringInterval=0),
            "no statistics": but(DATABASE, "reader", performanceInsightsEnabled=None),
            "AWS's key": but(DATABASE, "reader", performanceInsightsKmsKeyId=None),
        },
    ),
    Case(
        "database-minor-upgrades",
        {"on": DATABASE, "by default": but(DATABASE, "writer", autoMinorVersionUpgrade=None)},
        {"off": but(DATABASE, "writer", autoMinorVersionUpgrade=False)},
        "autoMinorVersionUpgrade",
    ),
    Case(
        "database-encrypted-in-transit",
        {"forced": DATABASE},
        {
            "not forced": but(DATABASE, "parameters", parameters=[{"name": "rds.force_ssl", "value": "0"}]),
            "not said": but(DATABASE, "parameters", parameters=[]),
        },
        "rds.force_ssl",
    ),
    Case(
        "database-proxy-encrypted",
        {"TLS": DATABASE},
        {
            "clear": but(DATABASE, "proxy", requireTls=None),
            "statements in the log": but(DATABASE, "proxy", debugLogging=True),
        },
    ),
    Case(
        "database-proxy-by-iam",
        {"tokens": DATABASE},
        {
            "passwords": but(DATABASE, "proxy", auths=[{"iamAuth": "DISABLED"}]),
            "not said": but(DATABASE, "proxy", auths=[{"secretArn": "arn:aws:secretsmanager:eu-west-1:1:secret:a"}]),
        },
        "iamAuth",
    ),
)
