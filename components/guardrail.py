"""Guardrail: what may go into a language model and come out of it, as one published version."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.lean import Lean
from components.values import Statement

_STRENGTHS: Final = ("LOW", "MEDIUM", "HIGH")
_MASKED: Final = (
    *("ADDRESS", "AGE", "EMAIL", "NAME", "PHONE", "USERNAME", "PASSWORD", "IP_ADDRESS", "URL"),
    *("CREDIT_DEBIT_CARD_NUMBER", "INTERNATIONAL_BANK_ACCOUNT_NUMBER", "US_SOCIAL_SECURITY_NUMBER"),
)
"""Personal data that a model's answer has a placeholder for; what goes in is masked before it leaves the function."""


class GuardrailArgs(TypedDict):
    """What a guardrail needs."""

    guardrail_name: str
    """Physical name, such as `mlplatform-dev-insights`."""
    key_arn: Input[str]
    """KMS key; whoever uses the guardrail needs to decrypt by it."""
    strength: NotRequired[str]
    """How eagerly it stops attacks on the instructions and hateful or sexual answers: LOW, MEDIUM or HIGH (default)."""


class Guardrail(pulumi.ComponentResource):
    """A guardrail and the version that its users name: a change of it publishes another one."""

    guardrail_id: Output[str]
    """Id."""
    guardrail_arn: Output[str]
    """ARN."""
    version: Output[str]
    """Number of the published version."""

    def __init__(self, name: str, args: GuardrailArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Guardrail", name, {}, opts)
        strength = args.get("strength", "HIGH")
        if strength not in _STRENGTHS:
            raise ValueError(f"Guardrail {name!r}: strength is {strength!r}; allowed: {', '.join(_STRENGTHS)}")
        rules = policies(strength)
        made = Lean(
            "aws:bedrock/guardrail:Guardrail",
            f"{name}-guardrail",
            {
                "name": args["guardrail_name"],
                "description": "Reads what customers' feedback asks of a model, and what the model answers",
                "blocked_input_messaging": "This text is not read.",
                "blocked_outputs_messaging": "This answer is not shown.",
                "kms_key_arn": args["key_arn"],
                **rules,
            },
            ["guardrail_arn", "guardrail_id"],
            ResourceOptions(parent=self),
        )
        self.guardrail_id, self.guardrail_arn = made.out("guardrail_id"), made.out("guardrail_arn")
        # A version is a copy: it has to be another one as soon as the rules are others.
        digest = sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:12]
        published = Lean(
            "aws:bedrock/guardrailVersion:GuardrailVersion",
            f"{name}-version",
            {"guardrail_arn": self.guardrail_arn, "description": f"rules {digest}"},
            ["version"],
            # The function still names the old version while the new one is made.
            ResourceOptions(parent=self, delete_before_replace=False),
        )
        self.version = published.out("version")
        self._key_arn = args["key_arn"]
        self.register_outputs({"guardrail_arn": self.guardrail_arn, "version": self.version})

    def may_apply(self) -> list[Statement]:
        """The right to have it applied to a call of a model."""
        return [
            {
                "Sid": "ApplyGuardrail",
                "Effect": "Allow",
                "Action": ["bedrock:ApplyGuardrail"],
                "Resource": [self.guardrail_arn],
            },
            {
                "Sid": "ReadGuardrail",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": [self._key_arn],
            },
        ]


def policies(strength: str) -> dict[str, Any]:
    """The rules: attacks on the instructions, hateful and sexual answers, personal data in answers.

    Complaints may be rude and tell of violence or harm: nothing of that is stopped on its way in.
    """
    answers = [
        {"type": kind, "input_strength": "NONE", "output_strength": strength}
        for kind in ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")
    ]
    # The service wants NONE for answers here: an attack is something that comes in.
    attack = {"type": "PROMPT_ATTACK", "input_strength": strength, "output_strength": "NONE"}
    return {
        "content_policy_config": {"filters_configs": [*answers, attack]},
        "sensitive_information_policy_config": {
            "pii_entities_configs": [{"type": kind, "action": "ANONYMIZE"} for kind in _MASKED]
        },
    }
