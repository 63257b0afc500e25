"""Two regions, buckets and tables in them, and a clock that a test turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.cloud import Cloud
from sandbox.replication import Replication

EAST, WEST = "us-east-1", "us-west-2"
ROLE = "arn:aws:iam::123456789012:role/replication"
WEST_KEY = "arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555"


class Hands:
    """Seconds since 1970, as many as a test says."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time

    def turn(self, seconds: float) -> None:
        """Lets time pass."""
        self.time += seconds


@dataclass
class Pair:
    """One cloud, seen from its two regions, with the copying between them."""

    cloud: Cloud
    replication: Replication
    hands: Hands

    def client(self, service: str, region: str = EAST) -> Any:
        """A client of one region."""
        return self.cloud.client(service, region)

    @property
    def s3(self) -> Any:
        """S3 in the east."""
        return self.client("s3")

    @property
    def west(self) -> Any:
        """S3 in the west."""
        return self.client("s3", WEST)

    def copied(self) -> int:
        """Lets the lag pass and gives how many writes were looked at."""
        self.hands.turn(self.replication.lag_s + 1)
        return self.replication.copy_due()

    def there(self, bucket: str = "there") -> list[str]:
        """The keys in the west."""
        return [row["Key"] for row in self.west.list_objects_v2(Bucket=bucket).get("Contents", [])]


def buckets(pair: Pair, **rule: Any) -> tuple[str, str]:
    """A bucket in each region with versions, and one rule from east to west."""
    pair.s3.create_bucket(Bucket="here")
    pair.west.create_bucket(Bucket="there", CreateBucketConfiguration={"LocationConstraint": WEST})
    for bucket in ("here", "there"):
        pair.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    configure(pair, rule)
    return "here", "there"


def configure(pair: Pair, *rules: dict[str, Any], source: str = "here", target: str = "there") -> None:
    """Puts rules; what one leaves out is as a plain rule has it."""
    plain = {
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
    }
    declared = [{"ID": f"rule-{n}", "Priority": n, **plain, **rule} for n, rule in enumerate(rules, 1)]
    pair.s3.put_bucket_replication(Bucket=source, ReplicationConfiguration={"Role": ROLE, "Rules": declared})


def table(pair: Pair, name: str = "models", *, ranged: bool = False) -> Any:
    """A global table in both regions; its client in the east."""
    client = pair.client("dynamodb", EAST)
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "kind", "AttributeType": "S"}]
    if ranged:
        keys.append({"AttributeName": "at", "KeyType": "RANGE"})
        attributes.append({"AttributeName": "at", "AttributeType": "N"})
    client.create_table(
        TableName=name,
        KeySchema=keys,
        AttributeDefinitions=attributes,
        GlobalSecondaryIndexes=[
            {
                "IndexName": "KindIndex",
                "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": WEST}}])
    return client


def items(pair: Pair, region: str, name: str = "models") -> dict[str, dict[str, Any]]:
    """Every item of a table by its id."""
    found: dict[str, dict[str, Any]] = {}
    for page in pair.client("dynamodb", region).get_paginator("scan").paginate(TableName=name):
        found |= {item["id"]["S"]: item for item in page["Items"]}
    return found
