"""Folders: credentials by which each user reaches a folder of their own in S3, and nothing else."""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cognito, iam
from components.ml_endpoint.rights import bucket_arn
from components.values import Statement, policy_json
from functions.shared.places import FOLDERS, PUBLIC

_PROVIDER: Final = "cognito-identity.amazonaws.com"
_TAG: Final = "userId"
_OWN: Final = f"{FOLDERS}${{aws:PrincipalTag/{_TAG}}}/"
"""The tag is set from the token by AWS; where it is missing the statement allows nothing."""


class FoldersArgs(TypedDict):
    """What the folders need; guests are nobody by default."""

    name_prefix: str
    """Beginning of the identity pool's name."""
    bucket: Input[str]
    """Name of the bucket that holds the folders."""
    key_arn: Input[str]
    """KMS key of the bucket."""
    provider_name: Input[str]
    """The user pool: `cognito-idp.<region>.amazonaws.com/<pool id>`."""
    client_id: Input[str]
    """App client whose id tokens count."""
    guests: NotRequired[bool]
    """Whether anybody may read the prefix `public/` without signing in; false by default."""


class Folders(pulumi.ComponentResource):
    """An identity pool for the users of a user pool; what each may reach follows from a tag made of the token."""

    pool: cognito.IdentityPool
    """The identity pool."""
    roles: dict[str, iam.Role]
    """`authenticated`, and `unauthenticated` where guests are let in."""

    def __init__(self, name: str, args: FoldersArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Folders", name, {}, opts)
        child = ResourceOptions(parent=self)
        guests = args.get("guests", False)
        self.pool = cognito.IdentityPool(
            f"{name}-identities",
            identity_pool_name=f"{args['name_prefix']}-identities",
            allow_unauthenticated_identities=guests,
            # The older flow lets a caller choose among all roles that trust the pool.
            allow_classic_flow=False,
            cognito_identity_providers=[
                {
                    "client_id": args["client_id"],
                    "provider_name": args["provider_name"],
                    # A user who was signed out everywhere, or is gone, gets no credentials.
                    "server_side_token_check": True,
                }
            ],
            opts=child,
        )
        cognito.IdentityPoolProviderPrincipalTag(
            f"{name}-tags",
            identity_pool_id=self.pool.id,
            identity_provider_name=args["provider_name"],
            use_defaults=False,
            principal_tags={_TAG: "sub"},
            opts=child,
        )
        self.roles = {"authenticated": self._role(name, "authenticated", _own_folder(args))}
        if guests:
            self.roles["unauthenticated"] = self._role(name, "unauthenticated", _public(args))
        cognito.IdentityPoolRoleAttachment(
            f"{name}-roles",
            identity_pool_id=self.pool.id,
            roles={kind: role.arn for kind, role in self.roles.items()},
            opts=child,
        )
        self.identity_pool_id: Output[str] = self.pool.id
        self.register_outputs({"identity_pool_id": self.identity_pool_id})

    def _role(self, name: str, kind: str, statements: list[Statement]) -> iam.Role:
        actions = ["sts:AssumeRoleWithWebIdentity"]
        if kind == "authenticated":
            actions.append("sts:TagSession")
        trust: Statement = {
            "Effect": "Allow",
            "Action": actions,
            "Principal": {"Federated": _PROVIDER},
            "Condition": {
                "StringEquals": {f"{_PROVIDER}:aud": [self.pool.id]},
                "ForAnyValue:StringLike": {f"{_PROVIDER}:amr": [kind]},
            },
        }
        role = iam.Role(
            f"{name}-{kind}",
            assume_role_policy=policy_json([trust]),
            description="A user's own folder" if kind == "authenticated" else "What everybody may read",
            opts=ResourceOptions(parent=self),
        )
        iam.RolePolicy(
            f"{name}-{kind}-rights",
            role=role.id,
            policy=policy_json(statements),
            opts=ResourceOptions(parent=self),
        )
        return role


def _own_folder(args: FoldersArgs) -> list[Statement]:
    bucket, key = args["bucket"], args["key_arn"]
    return [
        {
            "Sid": "OwnFolder",
            "Effect": "Allow",
            "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            "Resource": [bucket_arn(key, bucket, f"/{_OWN}*")],
        },
        {
            "Sid": "ListOwnFolder",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [bucket_arn(key, bucket)],
            "Condition": {"StringLike": {"s3:prefix": [f"{_OWN}*"]}},
        },
        _encrypted(["kms:Decrypt", "kms:GenerateDataKey"], args),
    ]


def _public(args: FoldersArgs) -> list[Statement]:
    return [
        {
            "Sid": "ReadPublic",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [bucket_arn(args["key_arn"], args["bucket"], f"/{PUBLIC}*")],
        },
        _encrypted(["kms:Decrypt"], args),
    ]


def _encrypted(actions: list[str], args: FoldersArgs) -> Statement:
    """The bucket's key, by way of S3 alone."""
    return {
        "Sid": "UseBucketKey",
        "Effect": "Allow",
        "Action": actions,
        "Resource": [args["key_arn"]],
        "Condition": {"StringLike": {"kms:ViaService": ["s3.*.amazonaws.com"]}},
    }
