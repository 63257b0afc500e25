"""Roles and policies, keys, secrets, and the web application firewall."""

from __future__ import annotations

from sandbox.recipes.recipe import Answer, KeptError, Recipe, Work, hands

_AWS_OWNED = "moto does not have the policies that AWS manages"
_NOT_EVALUATED = (
    "moto keeps rules and evaluates none; the gateway counts by the value of a header as rules of an API say, and "
    "judges no address, country or content"
)


def _managed(work: Work) -> None:
    if any(_of_aws(arn) for arn in work.inputs.get("managedPolicyArns") or []):
        work.dropped["managedPolicyArns"] = _AWS_OWNED


def _role(work: Work) -> None:
    name = work.inputs["name"]
    for policy in work.inputs.get("inlinePolicies") or []:
        work.call(
            "iam.put_role_policy",
            RoleName=name,
            PolicyName=policy["name"],
            PolicyDocument=policy["policy"],
        )
    for arn in work.inputs.get("managedPolicyArns") or []:
        if not _of_aws(arn):
            work.call("iam.attach_role_policy", RoleName=name, PolicyArn=arn)


def _profile(work: Work) -> None:
    if work.inputs.get("role"):
        name = work.inputs["name"]
        work.call("iam.add_role_to_instance_profile", InstanceProfileName=name, RoleName=work.inputs["role"])


def _attachment(work: Work) -> None:
    if _of_aws(work.inputs["policyArn"]):
        raise KeptError(_AWS_OWNED)


def _of_aws(arn: str) -> bool:
    return arn.startswith("arn:aws:iam::aws:")


def _key(work: Work) -> None:
    if work.inputs.get("enableKeyRotation"):
        period = work.inputs.get("rotationPeriodInDays")
        extra = {"RotationPeriodInDays": period} if period else {}
        work.call("kms.enable_key_rotation", KeyId=work.id, **extra)
    if work.inputs.get("isEnabled") is False:
        work.call("kms.disable_key", KeyId=work.id)


def _replica(work: Work) -> None:
    """The primary's region makes the replica, which shares its id."""
    work.parameters |= {
        "KeyId": str(work.inputs["primaryKeyArn"]).rpartition("/")[2],
        "ReplicaRegion": work.region,
    }


def _secret(work: Work) -> None:
    if work.inputs.get("policy"):
        work.call("secretsmanager.put_resource_policy", SecretId=work.id, ResourcePolicy=work.inputs["policy"])


def _regions(work: Work) -> None:
    work.parameters["Name"] = work.inputs["name"]
    if work.inputs.get("replicas"):
        work.parameters["AddReplicaRegions"] = [
            {"Region": row["region"], **({"KmsKeyId": row["kmsKeyId"]} if row.get("kmsKeyId") else {})}
            for row in work.inputs["replicas"]
        ]


_NAMED_ARN = "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{hash:6}"

ROWS = {
    "aws:iam/role:Role": Recipe(
        call="iam.create_role",
        by_hand=hands("inlinePolicies", "managedPolicyArns"),
        rename={"assumeRolePolicy": "AssumeRolePolicyDocument"},
        shape=_managed,
        after=_role,
        outputs={
            "arn": Answer("Role.Arn", "arn:aws:iam::{account}:role/{name}"),
            "uniqueId": Answer("Role.RoleId", "AROA{hash:17}"),
        },
    ),
    "aws:iam/rolePolicy:RolePolicy": Recipe(
        call="iam.put_role_policy",
        rename={"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"},
        id="{role}:{name}",
    ),
    "aws:iam/policy:Policy": Recipe(
        call="iam.create_policy",
        rename={"name": "PolicyName", "policy": "PolicyDocument"},
        id=Answer("Policy.Arn", "arn:aws:iam::{account}:policy/{name}"),
        outputs={"arn": "{id}", "policyId": Answer("Policy.PolicyId", "ANPA{hash:17}")},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Recipe(
        call="iam.attach_role_policy",
        rename={"role": "RoleName"},
        shape=_attachment,
        id="{role}-{hash:26}",
    ),
    "aws:iam/instanceProfile:InstanceProfile": Recipe(
        call="iam.create_instance_profile",
        rename={"name": "InstanceProfileName"},
        by_hand=hands("role"),
        after=_profile,
        outputs={"arn": "arn:aws:iam::{account}:instance-profile/{name}"},
    ),
    "aws:kms/key:Key": Recipe(
        call="kms.create_key",
        by_hand=hands("enableKeyRotation", "rotationPeriodInDays", "isEnabled"),
        after=_key,
        id=Answer("KeyMetadata.KeyId", "{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}"),
        outputs={"keyId": "{id}", "arn": Answer("KeyMetadata.Arn", "arn:aws:kms:{region}:{account}:key/{id}")},
    ),
    "aws:kms/replicaKey:ReplicaKey": Recipe(
        call="kms.replicate_key",
        by_hand=hands("enabled", "primaryKeyArn"),
        lost={"bypassPolicyLockoutSafetyCheck": "moto checks no key policy"},
        shape=_replica,
        caller=lambda work: str(work.inputs["primaryKeyArn"]).split(":")[3],
        id=lambda work: str(work.inputs["primaryKeyArn"]).rpartition("/")[2],
        outputs={
            "keyId": "{id}",
            "arn": "arn:aws:kms:{region}:{account}:key/{id}",
            "keyRotationEnabled": lambda _work: True,
        },
    ),
    "aws:kms/alias:Alias": Recipe(
        call="kms.create_alias",
        rename={"name": "AliasName"},
        outputs={
            "arn": "arn:aws:kms:{region}:{account}:{name}",
            "targetKeyArn": lambda work: (
                work.inputs["targetKeyId"]
                if work.inputs["targetKeyId"].startswith("arn:")
                else work.fill("arn:aws:kms:{region}:{account}:key/{targetKeyId}")
            ),
        },
    ),
    "aws:kms/keyPolicy:KeyPolicy": Recipe(
        call="kms.put_key_policy",
        rename={"keyId": "KeyId", "policy": "Policy"},
        lost={"bypassPolicyLockoutSafetyCheck": "moto checks no key policy"},
        shape=lambda work: work.parameters.update(PolicyName="default"),
        id="{keyId}",
    ),
    "aws:secretsmanager/secret:Secret": Recipe(
        call="secretsmanager.create_secret",
        by_hand=hands("policy", "replicas"),
        shape=_regions,
        after=_secret,
        id=Answer("ARN", _NAMED_ARN),
        outputs={"arn": "{id}"},
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": Recipe(
        call="secretsmanager.put_secret_value",
        rename={"secretStringWo": "SecretString"},
        by_hand=hands("secretStringWoVersion"),
        # The version's id is the request's token, which the SDK would draw anew each time.
        shape=lambda work: work.parameters.update(ClientRequestToken=work.fill("{hash:32}")),
        id=lambda work: f"{work.inputs['secretId']}|{work.answer.get('VersionId') or work.fill('{hash:32}')}",
        outputs={"arn": "{secretId}", "secretArn": "{secretId}", "versionId": Answer("VersionId", "{hash:32}")},
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Recipe(
        call="secretsmanager.put_resource_policy",
        rename={"policy": "ResourcePolicy", "secretArn": "SecretId"},
        id="{secretArn}",
    ),
    "aws:secretsmanager/secretRotation:SecretRotation": Recipe(
        recorded="turned on once the stack is complete; RotateSecret then calls the declared function",
        id="{secretId}",
    ),
    "aws:wafv2/webAcl:WebAcl": Recipe(
        call="wafv2.create_web_acl",
        by_hand=hands("ruleJson"),
        lost={"rules": _NOT_EVALUATED},
        shape=lambda work: work.parameters.setdefault("Name", work.inputs["name"]),
        id=Answer("Summary.Id", "{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}"),
        outputs={
            "arn": Answer("Summary.ARN", "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/{id}"),
            "capacity": lambda _work: 0,
        },
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Recipe(
        call="wafv2.associate_web_acl",
        id="{webAclArn},{resourceArn}",
    ),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Recipe(
        call="wafv2.put_logging_configuration",
        lost={"logDestinationConfigs": "no request is blocked, so no log is written"},
        id="{resourceArn}",
    ),
}
