"""KMS keys and secrets: rotated, bounded, encrypted by a key of ours."""

from __future__ import annotations

from collections.abc import Iterable

from policies.conditions import must_be_set
from policies.documents import BOUNDING_KEYS, public_grants, statements
from policies.resources import Node
from policies.rule import Rule

KEY = "aws:kms/key:Key"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
"""A multi-region key's copy: its policy is its own, its rotation the primary's."""
SECRETS = ("aws:secretsmanager/secret:Secret",)
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
LONGEST_ROTATION_DAYS = 30
LEAST_RECOVERY_DAYS = 7
CANNOT_BE_BOUNDED = {
    "events.amazonaws.com": "EventBridge names no source when it uses a key (SNS Developer Guide, encrypted topics)",
}
"""Services that a condition would turn away, with the reason; they may only encrypt and decrypt."""
CRYPT_ONLY = frozenset({"kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKey*"})
SERVICE_BOUNDS = BOUNDING_KEYS | {"kms:viaservice", "kms:grantisforawsresource"}


def rotated(key: Node) -> Iterable[str]:
    """Symmetric encryption keys rotate; KMS cannot rotate the others."""
    symmetric = key.read("customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    if symmetric and key.read("keyUsage", "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT" and not key.read("enableKeyRotation"):
        yield f"enableKeyRotation is {key.read('enableKeyRotation', default=False)!r}; allowed: True"


def not_public(key: Node) -> Iterable[str]:
    """No statement lets anyone use the key."""
    for row in public_grants(key.props.get("policy")):
        yield f"policy: {row.label} allows everyone {', '.join(row.actions)}"


def services_bounded(key: Node) -> Iterable[str]:
    """A service that may use the key is bounded to this account, one source, or one encryption context."""
    for row in statements(key.props.get("policy")):
        context = any(name.startswith("kms:encryptioncontext:") for name in row.condition_keys)
        if not row.allows or context or row.condition_keys & SERVICE_BOUNDS:
            continue
        tolerated = CANNOT_BE_BOUNDED if CRYPT_ONLY.issuperset(row.actions) else {}
        open_ones = [name for name in row.principals.get("Service", ()) if name not in tolerated]
        if open_ones:
            yield f"policy: {row.label} allows {', '.join(open_ones)} the key for anyone's resources"


def outlives_mistakes(key: Node) -> Iterable[str]:
    """The key can be brought back for a week or longer; KMS itself waits 30 days where nothing is set."""
    if float(key.read("deletionWindowInDays", 30)) < 7:
        yield f"deletionWindowInDays is {key.read('deletionWindowInDays')}; allowed: 7 to 30"
    if key.read("bypassPolicyLockoutSafetyCheck", default=False):
        yield "bypassPolicyLockoutSafetyCheck is True; allowed: False"


def rotates(secret: Node) -> Iterable[str]:
    """A rotation names the secret and runs at least every 30 days."""
    found = secret.companions(ROTATION, "secretId")
    if not found:
        yield f"no rotation ({ROTATION}) names it in secretId"
    for rotation in found:
        days = rotation.read("rotationRules.automaticallyAfterDays")
        if days is None and not rotation.read("rotationRules.scheduleExpression"):
            yield "rotationRules has neither automaticallyAfterDays nor scheduleExpression"
        elif days is not None and float(days) > LONGEST_ROTATION_DAYS:
            yield f"rotationRules.automaticallyAfterDays is {days}; allowed: 1 to {LONGEST_ROTATION_DAYS}"


def restorable(secret: Node) -> Iterable[str]:
    """A deleted secret can be restored for a week or longer; Secrets Manager itself waits 30 days."""
    days = secret.read("recoveryWindowInDays", 30)
    if float(days) < LEAST_RECOVERY_DAYS:
        yield f"recoveryWindowInDays is {days}; allowed: {LEAST_RECOVERY_DAYS} to 30"


RULES = (
    Rule(
        id="kms-rotated",
        severity="high",
        controls=("FSBP KMS.4", "CIS 3.6"),
        types=(KEY,),
        what="Every symmetric encryption key rotates by itself.",
        why="The longer key material lives, the more it protects and the more its loss costs.",
        mend="set enable_key_rotation to True",
        check=rotated,
    ),
    Rule(
        id="kms-not-public",
        severity="critical",
        controls=("FSBP KMS.5",),
        types=(KEY, REPLICA_KEY),
        what="No key policy allows everyone anything without a condition that bounds who.",
        why="Whoever may use the key reads everything that it encrypts.",
        mend="name the principals, or bound the statement by kms:CallerAccount",
        check=not_public,
    ),
    Rule(
        id="kms-services-bounded",
        severity="medium",
        controls=("FSBP KMS.5",),
        types=(KEY, REPLICA_KEY),
        what="A service that may use a key is bounded to this account, one source or one encryption context.",
        why="Otherwise the service can be made to use the key for somebody else's resource (confused deputy).",
        mend="add a condition on aws:SourceAccount, aws:SourceArn, kms:ViaService or an encryption context",
        check=services_bounded,
    ),
    Rule(
        id="kms-deletion-can-be-stopped",
        severity="medium",
        controls=("FSBP KMS.3",),
        types=(KEY, REPLICA_KEY),
        what="A deleted key waits at least seven days, and its policy cannot lock everybody out.",
        why="All that a lost key encrypted is lost with it.",
        mend="set deletion_window_in_days to 7 or more and leave bypass_policy_lockout_safety_check off",
        check=outlives_mistakes,
    ),
    Rule(
        id="secret-encrypted-by-own-key",
        severity="high",
        types=SECRETS,
        what="Every secret is encrypted by a KMS key of ours.",
        why="With the shared key aws/secretsmanager the right to decrypt cannot be bounded.",
        mend="set kms_key_id",
        check=must_be_set("kmsKeyId"),
    ),
    Rule(
        id="secret-deletion-can-be-stopped",
        severity="medium",
        types=SECRETS,
        what="A deleted secret can be restored for at least seven days.",
        why="What it opens may still be in use, and nobody else knows the value.",
        mend="set recovery_window_in_days to 7 or more, or leave it out",
        check=restorable,
    ),
    Rule(
        id="secret-rotated",
        severity="medium",
        controls=("FSBP SecretsManager.1", "FSBP SecretsManager.4"),
        types=SECRETS,
        scope="stack",
        what="Every secret rotates at least every 30 days.",
        why="A secret that leaked unseen works until it changes.",
        mend="add a SecretRotation with automatically_after_days of 30 or fewer",
        check=rotates,
    ),
)
