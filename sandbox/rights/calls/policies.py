"""The policies that speak about a call: the caller's as IAM has them now, and those of what it is about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sandbox.ledger import Resource
from sandbox.rights.grants import Grants, carrier
from sandbox.rights.policy.document import Policy
from sandbox.rights.request import Access

BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
RUNTIMES = {"sagemaker-runtime": "sagemaker.runtime"}
"""Services whose endpoints in networks are named otherwise than by botocore."""


class Policies:
    """Finds them in the services of one account, each time anew: a changed one counts from the next call on."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._buckets: dict[str, str] = {}
        self._endpoints: dict[tuple[str, str], str] = {}
        self._ids: dict[str, str] = {}
        """By a role's ARN the id under which IAM keeps it."""

    def declared(self, resource: Resource) -> None:
        """Keeps what is read from here: policies of endpoints, and of buckets that moto would not judge as S3 does."""
        if resource.type == ENDPOINT and resource.inputs.get("policy"):
            name = str(resource.inputs["serviceName"]).partition(f"{resource.region}.")[2]
            self._endpoints[resource.region, name] = _text(resource.inputs["policy"])
        if resource.type == BUCKET_POLICY and resource.status == "recorded":
            self._buckets[str(resource.inputs["bucket"])] = _text(resource.inputs["policy"])

    def grants(self, access: Access) -> Grants:
        """Everything that allows or limits a call."""
        identity, boundary = self._of_role(access.principal) if ":role/" in access.principal else ((), None)
        carried = {carrier(resource) for resource in access.resources}
        found = {arn: policy for arn in carried if (policy := self._of_resource(arn)) is not None}
        return Grants(identity=identity, boundary=boundary, resource=found)

    def endpoint(self, service: str, region: str) -> Policy | None:
        """The policy of the endpoint through which a network's calls of a service go; None where it has no such."""
        text = self._endpoints.get((region, RUNTIMES.get(service, service)))
        return _compiled(f"endpoint of {service}", text) if text else None

    def documents(self, arn: str) -> dict[str, str]:
        """The documents of a role by name, inline and attached; none for a role that does not exist."""
        role = self._role(arn)
        if role is None:
            return {}
        inline = {name: _text(document) for name, document in dict(role.policies).items()}
        attached = {policy.name: _document(policy) for policy in list(role.managed_policies.values())}
        return {**inline, **attached}

    def _of_role(self, arn: str) -> tuple[tuple[Policy, ...], Policy | None]:
        identity = tuple(_compiled(name, text) for name, text in self.documents(arn).items())
        role = self._role(arn)
        limit = getattr(role, "permissions_boundary_arn", None)
        if not limit:
            return identity, None
        return identity, _compiled(limit.rpartition("/")[2], _document(self._iam().managed_policies[limit]))

    def _of_resource(self, arn: str) -> Policy | None:
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return None
        finders: Mapping[str, Callable[[str, str, str], Any]] = {
            "s3": self._of_bucket,
            "sqs": self._of_queue,
            "sns": self._of_topic,
            "kms": self._of_key,
            "secretsmanager": self._of_secret,
            "lambda": self._of_function,
            "iam": self._trust,
        }
        finder = finders.get(parts[2])
        text = finder(arn, parts[3], parts[5]) if finder is not None else None
        return _compiled(f"policy of {arn.rpartition(':')[2]}", _text(text)) if text else None

    def _iam(self) -> Any:
        from moto.iam.models import iam_backends

        return iam_backends[self._account]["aws"]

    def _role(self, arn: str) -> Any:
        roles = self._iam().roles
        found = roles.get(self._ids.get(arn, ""))
        if found is None:
            found = next((role for role in list(roles.values()) if role.arn == arn), None)
            self._ids[arn] = "" if found is None else str(found.id)
        return found

    def _trust(self, arn: str, _region: str, _name: str) -> Any:
        return getattr(self._role(arn), "assume_role_policy_document", None)

    def _of_bucket(self, _arn: str, _region: str, name: str) -> Any:
        from moto.s3.models import s3_backends

        bucket = s3_backends[self._account]["aws"].buckets.get(name)
        held = bucket.policy if bucket is not None else None
        return held.decode() if held else self._buckets.get(name)

    def _of_queue(self, _arn: str, region: str, name: str) -> Any:
        from moto.sqs.models import sqs_backends

        return getattr(sqs_backends[self._account][region].queues.get(name), "policy", None)

    def _of_topic(self, arn: str, region: str, _name: str) -> Any:
        from moto.sns.models import sns_backends

        return getattr(sns_backends[self._account][region].topics.get(arn), "policy", None)

    def _of_key(self, _arn: str, region: str, name: str) -> Any:
        from moto.kms.models import kms_backends

        return getattr(kms_backends[self._account][region].keys.get(name.removeprefix("key/")), "policy", None)

    def _of_secret(self, arn: str, region: str, _name: str) -> Any:
        from moto.secretsmanager.models import secretsmanager_backends

        return getattr(secretsmanager_backends[self._account][region].secrets.get(arn), "policy", None)

    def _of_function(self, arn: str, region: str, name: str) -> Any:
        """What a function or its alias lets others do: Lambda keeps one policy for each."""
        from moto.awslambda.exceptions import UnknownFunctionException
        from moto.awslambda.models import lambda_backends

        try:
            function = lambda_backends[self._account][region].get_function(name.split(":")[1])
        except UnknownFunctionException:
            return None
        rows = [row for row in list(function.policy.statements) if row.get("Resource") == arn]
        return json.dumps({"Version": "2012-10-17", "Statement": rows}) if rows else None


def _document(policy: Any) -> str:
    """What a managed policy says in its version in force."""
    return next(_text(one.document) for one in policy.versions if one.version_id == policy.default_version_id)


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


@lru_cache(4096)
def _compiled(name: str, text: str) -> Policy:
    return Policy.parse(name, text)
