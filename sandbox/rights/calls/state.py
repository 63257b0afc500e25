"""What is asked of the services before a call can be judged: which key encrypts a thing, what a name stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class State:
    """The services of one account as they are now, seen from one region."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region

    def key_of(self, arn: str) -> str:
        """ARN of the customer's key that encrypts a thing; empty where none does, or a key of AWS's own."""
        _, _, service, region, _, name = arn.split(":", 5)
        finder = {
            "s3": self._of_object,
            "dynamodb": self._of_table,
            "sqs": self._of_queue,
            "sns": self._of_topic,
            "secretsmanager": self._of_secret,
            "logs": self._of_group,
        }.get(service)
        found = finder(arn, region, name) if finder is not None else ""
        return self._key(found, region) if found else ""

    def find(self, noun: str, name: str) -> str:
        """ARN of a `secret` or a `key` by its name, id, alias or a part of its ARN, of a `state machine` by task token.

        Empty where there is none.
        """
        region = name.split(":")[3] if name.startswith("arn:") else self._region
        if noun == "secret":
            return str(getattr(self._secret(name, region), "arn", ""))
        return self._key(name, region) if noun == "key" else self._machine(name)

    def bucket_key(self, bucket: str) -> bool:
        """Whether a bucket has a key of its own for its objects, so that KMS is told of the bucket and not of each."""
        return bool(_rule(self._bucket(bucket)).get("BucketKeyEnabled"))

    def exists(self, arn: str) -> bool:
        """Whether an object is there."""
        return self._object(arn) is not None

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of an object."""
        from moto.s3.models import s3_backends

        found = self._object(arn)
        tagger = s3_backends[self._account]["aws"].tagger
        named: Mapping[str, str] = tagger.get_tag_dict_for_resource(found.arn) if found is not None else {}
        return named

    def partition_key(self, arn: str) -> str:
        """Name of the attribute that partitions a table or an index."""
        from moto.dynamodb.models import dynamodb_backends

        _, _, _, region, _, name = arn.split(":", 5)
        parts = name.split("/")
        table: Any = dynamodb_backends[self._account][region].tables.get(parts[1])
        if table is None:
            return ""
        schema = table.schema
        if len(parts) > 3:
            indexes = [*table.indexes, *table.global_indexes]
            schema = next((index.schema for index in indexes if index.name == parts[3]), [])
        return next((str(row["AttributeName"]) for row in schema if row["KeyType"] == "HASH"), "")

    def _object(self, arn: str) -> Any:
        from moto.s3.models import s3_backends

        bucket, _, key = arn.split(":", 5)[5].partition("/")
        return s3_backends[self._account]["aws"].get_object(bucket, key) if self._bucket(bucket) and key else None

    def _bucket(self, name: str) -> Any:
        from moto.s3.models import s3_backends

        return s3_backends[self._account]["aws"].buckets.get(name)

    def _of_object(self, arn: str, _region: str, name: str) -> str:
        found = self._bucket(name.partition("/")[0])
        made = self._object(arn) if found is not None else None
        if made is not None:
            own = str(made.kms_key_id or "") if made.encryption == "aws:kms" else ""
        else:
            # Before an object is written, the bucket's key is what counts.
            own = str((_rule(found).get("ApplyServerSideEncryptionByDefault") or {}).get("KMSMasterKeyID") or "")
        return self._key(own, str(found.region_name)) if own else ""

    def _of_table(self, _arn: str, region: str, name: str) -> str:
        from moto.dynamodb.models import dynamodb_backends

        table = dynamodb_backends[self._account][region].tables.get(name.split("/")[1])
        return str((getattr(table, "sse_specification", None) or {}).get("KMSMasterKeyId") or "")

    def _of_queue(self, _arn: str, region: str, name: str) -> str:
        from moto.sqs.models import sqs_backends

        queue: Any = sqs_backends[self._account][region].queues.get(name)
        return str(getattr(queue, "kms_master_key_id", None) or "")

    def _of_topic(self, arn: str, region: str, _name: str) -> str:
        from moto.sns.models import sns_backends

        topic = sns_backends[self._account][region].topics.get(arn)
        return str(getattr(topic, "kms_master_key_id", None) or "")

    def _of_secret(self, arn: str, region: str, _name: str) -> str:
        return str(getattr(self._secret(arn, region), "kms_key_id", None) or "")

    def _of_group(self, _arn: str, region: str, name: str) -> str:
        from moto.logs.models import logs_backends

        group = logs_backends[self._account][region].groups.get(name.removeprefix("log-group:").split(":")[0])
        return str(getattr(group, "kms_key_id", None) or "")

    def _secret(self, name: str, region: str) -> Any:
        from moto.secretsmanager.models import secretsmanager_backends

        return secretsmanager_backends[self._account][region].secrets.get(name)

    def _key(self, name: str, region: str) -> str:
        """The ARN of a customer's key by id, ARN or alias."""
        from moto.kms.models import kms_backends

        where = name.split(":")[3] if name.startswith("arn:") else region
        alias = f"alias/{name.split(':alias/')[1]}" if ":alias/" in name else name
        if alias.startswith("alias/aws/"):
            return ""
        backend = kms_backends[self._account][where]
        if alias.startswith("alias/") and not backend.alias_exists(alias):
            return ""
        found = backend.keys.get(backend.any_id_to_key_id(name))
        return str(found.arn) if found is not None and found.key_manager == "CUSTOMER" else ""

    def _machine(self, token: str) -> str:
        """The state machine of the execution that waits for a token."""
        from moto.stepfunctions.parser.models import stepfunctions_parser_backends

        backend = stepfunctions_parser_backends[self._account][self._region]
        for machine in list(backend.state_machines):
            for execution in list(machine.executions):
                environment = execution.exec_worker.env if execution.exec_worker else None
                if environment is not None and environment.callback_pool_manager.get(token) is not None:
                    return str(machine.arn)
        return ""


def _rule(bucket: Any) -> dict[str, Any]:
    """How a bucket encrypts what says nothing itself."""
    rule = (getattr(bucket, "encryption", None) or {}).get("Rule") or {}
    found: dict[str, Any] = (rule[0] if isinstance(rule, list) else rule) or {}
    return found
