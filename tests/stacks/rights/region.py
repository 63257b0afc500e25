"""One region of a stack as IAM sees it, in the words of the dev stack, so that rights can be laid side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from policies.documents import Statement, statements
from sandbox.rights import Access, Decision, Grants, Policy, decide
from sandbox.rights.grants import carrier
from tests.components.answers import ACCOUNT, digest
from tests.components.recorder import Recorded
from tests.stacks.platform import configuration, evaluated

LABEL = "standby-"
"""What names of the second region's resources begin with."""
DIGEST = re.compile(r"(?i)[0-9a-f]{7,36}")
REPLICA = re.compile(r"replicakey/([\w-]+)")
NAMED = re.compile(r"(?<=[:/])[\w-]+")
OWNERS: Mapping[str, tuple[Callable[[Recorded], str], str]] = {
    "aws:iam/role:Role": (lambda row: f"arn:aws:iam::{ACCOUNT}:role/{row.name}", "assumeRolePolicy"),
    "aws:kms/key:Key": (lambda row: f"arn:aws:kms:{row.region}:{ACCOUNT}:key/{digest(row.name)}", "policy"),
    "aws:kms/replicaKey:ReplicaKey": (
        lambda row: f"arn:aws:kms:{row.region}:{ACCOUNT}:key/{digest(row.name)}",
        "policy",
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (lambda row: f"arn:aws:s3:::{row.inputs['bucket']}", "policy"),
    "aws:sns/topicPolicy:TopicPolicy": (lambda row: str(row.inputs["arn"]), "policy"),
    "aws:sqs/queuePolicy:QueuePolicy": (
        lambda row: f"arn:aws:sqs:{row.region}:{ACCOUNT}:{str(row.inputs['queueUrl']).rpartition('/')[2]}",
        "policy",
    ),
}
"""By type of what has a policy: the ARN that the policy belongs to, and the input that is the policy."""
AWS_S_IMAGES = Policy.parse(
    "AWS's repository",
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "ecr:*", "Resource": "*"}},
)


@dataclass(frozen=True)
class Region:
    """The part of a stack that stands in one region."""

    stack: str
    second: bool = False

    def __str__(self) -> str:
        """As tests are named."""
        return f"{self.stack} {'second' if self.second else 'first'} region"

    @cached_property
    def resources(self) -> tuple[Recorded, ...]:
        """What belongs to it."""
        return tuple(row for row in evaluated(self.stack).resources if row.name.startswith(LABEL) == self.second)

    def of_type(self, token: str) -> list[Recorded]:
        """Its resources of a type."""
        return [row for row in self.resources if row.type == token]

    def text(self, value: Any) -> str:
        """A document, ARN or name as the dev stack would have it; what lies in the other region says so."""
        found = value if isinstance(value, str) else json.dumps(value)
        found = found.replace(f"mlplatform-{self.stack}", "mlplatform-dev")
        found = NAMED.sub(lambda word: self._word(word[0]), REPLICA.sub(lambda key: f"key/{digest(key[1])}", found))
        found = DIGEST.sub(lambda hit: self._digest(hit[0]), found)
        if self.second:
            home, other = _regions(self.stack)
            found = found.replace(other, "@").replace(home, other).replace("@", home)
        return found

    @cached_property
    def documents(self) -> tuple[tuple[str, str], ...]:
        """Role and document of each policy of a role."""
        rows = self.of_type("aws:iam/rolePolicy:RolePolicy")
        return tuple((str(row.inputs["role"]).removeprefix(LABEL), self.text(row.inputs["policy"])) for row in rows)

    @cached_property
    def roles(self) -> dict[str, tuple[Policy, ...]]:
        """The policies of each role, by the role's name."""
        found: dict[str, tuple[Policy, ...]] = {}
        for role, document in self.documents:
            found[role] = (*found.get(role, ()), Policy.parse(f"policy of {role}", document))
        return found

    def allowed(self) -> Iterator[tuple[str, Statement]]:
        """Role and statement of everything that roles may do."""
        for role, document in self.documents:
            yield from ((role, statement) for statement in statements(document) if statement.allows)

    @cached_property
    def carried(self) -> dict[str, Policy]:
        """The policies of buckets, keys, queues, topics, roles and functions of both regions, by ARN."""
        found = self._permissions()
        for row in evaluated(self.stack).resources:
            if row.type in OWNERS:
                owner, document = OWNERS[row.type]
                found[self.text(owner(row))] = self.text(row.inputs[document])
        return {arn: Policy.parse(f"policy of {arn}", document) for arn, document in found.items()}

    @cached_property
    def placed(self) -> frozenset[str]:
        """Roles of functions that call out of the network."""
        functions = self.of_type("aws:lambda/function:Function")
        return frozenset(
            self.text(row.inputs["role"]).rpartition("/")[2] for row in functions if row.inputs.get("vpcConfig")
        )

    @cached_property
    def endpoints(self) -> dict[str, Policy]:
        """The policies of the network's endpoints, by the prefix of the actions that go through them."""
        prefixes = {"sagemaker.runtime": "sagemaker", "sagemaker.api": "sagemaker", "monitoring": "cloudwatch"}
        found: dict[str, list[Any]] = {}
        for row in self.of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
            service = str(row.inputs["serviceName"]).split(".", 3)[3]
            if row.inputs.get("policy"):
                document = json.loads(self.text(row.inputs["policy"]))
                found.setdefault(prefixes.get(service, service), []).extend(document["Statement"])
        return {name: Policy.parse(f"endpoint of {name}", {"Statement": rows}) for name, rows in found.items()}

    def decide(self, access: Access) -> Decision:
        """What IAM says to an access that is told in the words of the dev stack."""
        role = access.principal.rpartition("/")[2]
        carriers = {carrier(resource) for resource in access.resources}
        through = self.endpoints.get(access.action.partition(":")[0]) if role in self.placed else None
        return decide(
            access,
            Grants(
                identity=self.roles.get(role, ()),
                resource={arn: found for arn in carriers if (found := self._of_resource(arn)) is not None},
                endpoint=through,
            ),
        )

    def _of_resource(self, arn: str) -> Policy | None:
        """The policy that a resource carries; the images of SageMaker lie with AWS, which lets every account pull."""
        return AWS_S_IMAGES if ":ecr:" in arn and ACCOUNT not in arn else self.carried.get(arn)

    def _permissions(self) -> dict[str, str]:
        rows: dict[str, list[dict[str, Any]]] = {}
        for row in evaluated(self.stack).of_type("aws:lambda/permission:Permission"):
            given = row.inputs
            name, alias = str(given["function"]).rpartition(":")[2], given.get("qualifier")
            arn = self.text(f"arn:aws:lambda:{row.region}:{ACCOUNT}:function:{name}{f':{alias}' if alias else ''}")
            condition: dict[str, Any] = {}
            if "sourceArn" in given:
                condition["ArnLike"] = {"aws:SourceArn": self.text(given["sourceArn"])}
            if "sourceAccount" in given:
                condition["StringEquals"] = {"aws:SourceAccount": given["sourceAccount"]}
            statement = {
                "Sid": row.name.removeprefix(LABEL),
                "Effect": "Allow",
                "Principal": {"Service": given["principal"]},
                "Action": given["action"],
                "Resource": arn,
                "Condition": condition,
            }
            rows.setdefault(arn, []).append(statement)
        return {arn: json.dumps({"Version": "2012-10-17", "Statement": found}) for arn, found in rows.items()}

    def _word(self, word: str) -> str:
        """A name without the label; one of the other region is marked."""
        if word.startswith(LABEL):
            return word.removeprefix(LABEL) if self.second else f"there-{word.removeprefix(LABEL)}"
        if not self.second:
            return word
        base = word.removesuffix("-AbCdEf").rstrip("-")
        return f"there-{word}" if base in _twins(self.stack) else word

    def _digest(self, text: str) -> str:
        found = _digests(self.stack, self.second).get(text[:7].lower())
        return found[: len(text)] if found else text


@cache
def _twins(stack: str) -> frozenset[str]:
    """Names that stand in both regions, without the label."""
    names = {row.name for row in evaluated(stack).resources if row.type.startswith("aws:")}
    return frozenset(name.removeprefix(LABEL) for name in names if name.startswith(LABEL)) & names


@cache
def _digests(stack: str, second: bool) -> dict[str, str]:
    """By its first letters: what stands for a digest where the own region's resources are named as dev's are."""
    found = {}
    for name in _twins(stack):
        own, other = (f"{LABEL}{name}", name) if second else (name, f"{LABEL}{name}")
        found[digest(own)[:7]] = digest(name)
        found[digest(other)[:7]] = digest(f"there-{name}")
    return found


@cache
def _regions(stack: str) -> tuple[str, str]:
    """The first and the second region of a stack."""
    config = configuration(stack)
    return config["aws:region"], str(json.loads(config["mlplatform:recovery"])["region"])


REGIONS = (Region("dev"), Region("staging"), Region("prod"), Region("prod", second=True))
"""Every region of every stack."""
