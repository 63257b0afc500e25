"""KMS: calls on keys, and what services ask of a key on behalf of their callers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, one, suffix

OPERATIONS: Final = (
    *("CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
    *("GenerateMac", "GetKeyPolicy", "GetKeyRotationStatus", "GetPublicKey", "ListResourceTags", "Sign", "Verify"),
    "VerifyMac",
)
WITHOUT_ALIAS: Final = frozenset({"CreateGrant", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"})
"""Operations that take no alias for a key."""


def by_service(call: Call, key: str, service: str, actions: Iterable[str], **context: str) -> Iterable[Need]:
    """What a service asks of a key for the caller; nothing where there is no key of a customer.

    Args:
        call: the call that the service answers.
        key: ARN of the key, empty for none.
        service: beginning of the service's address, such as `s3`.
        actions: such as `Decrypt`.
        context: the encryption context that the service gives, by name; `__` stands for a colon.
    """
    if not key:
        return
    given = {name.replace("__", ":"): value for name, value in context.items()}
    facts = {
        **one("kms:viaservice", f"{service}.{key.split(':')[3]}.{suffix(call.region)}"),
        **one("aws:viaawsservice", value=True),
        **encryption_context(given),
    }
    for action in actions:
        lending = one("kms:grantisforawsresource", value=True) if action == "CreateGrant" else {}
        yield Need(f"kms:{action}", (key,), {**facts, **lending})


def encryption_context(given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """An encryption context as conditions ask for it."""
    if not given:
        return {}
    by_name = {f"kms:encryptioncontext:{name.lower()}": (str(value),) for name, value in given.items()}
    return {**by_name, "kms:encryptioncontextkeys": tuple(given)}


def key_arn(call: Call, state: State, name: str) -> str:
    """The ARN of a key that a parameter names by ARN, id or alias."""
    if ":key/" in name:
        return name
    return state.find("key", name) or call.arn("kms", name if name.startswith("alias/") else f"key/{name}")


def _on_key(operation: str) -> Row:
    def row(call: Call, state: State) -> Iterable[Need]:
        # Decrypt finds the key in what it decrypts unless it is named; without a name it cannot be told here.
        name = call.text("KeyId") or "*"
        named = "alias/" in name and operation not in WITHOUT_ALIAS
        alias = name[name.index("alias/") :] if named else None
        facts = {**encryption_context(call.params.get("EncryptionContext") or {}), **one("kms:requestalias", alias)}
        yield Need(f"kms:{operation}", () if name == "*" else (key_arn(call, state, name),), facts)

    return row


def _encrypt_again(call: Call, state: State) -> Iterable[Need]:
    for action, name in (("ReEncryptFrom", "SourceKeyId"), ("ReEncryptTo", "DestinationKeyId")):
        key = call.text(name)
        yield Need(f"kms:{action}", (key_arn(call, state, key),) if key else ())


KMS: Final[Table] = {
    **{operation: _on_key(operation) for operation in OPERATIONS},
    "ReEncrypt": _encrypt_again,
    "GenerateRandom": anything("kms:GenerateRandom"),
    "ListAliases": anything("kms:ListAliases"),
    "ListKeys": anything("kms:ListKeys"),
}
