"""Bedrock: guardrails that look for attacks, under a key of ours."""

from __future__ import annotations

from collections.abc import Iterable

from policies.conditions import must_be_set
from policies.resources import Node, read
from policies.rule import Rule

GUARDRAIL = "aws:bedrock/guardrail:Guardrail"


def watches_for_attacks(guardrail: Node) -> Iterable[str]:
    """A filter for attacks on the instructions, on what comes in."""
    strengths = {
        read(row, "type"): read(row, "inputStrength") for row in guardrail.rows("contentPolicyConfig.filtersConfigs")
    }
    if strengths.get("PROMPT_ATTACK") not in {"LOW", "MEDIUM", "HIGH"}:
        found = strengths.get("PROMPT_ATTACK")
        yield f"contentPolicyConfig has inputStrength {found!r} for PROMPT_ATTACK; allowed: LOW, MEDIUM, HIGH"


RULES = (
    Rule(
        id="guardrail-watches-for-attacks",
        severity="high",
        controls=("ML Lens MLSEC06-BP01",),
        types=(GUARDRAIL,),
        what="A guardrail looks for attacks on a model's instructions.",
        why="A customer's text could tell the model to say what its author wants.",
        mend="add a filter of type PROMPT_ATTACK with input_strength HIGH and output_strength NONE",
        check=watches_for_attacks,
    ),
    Rule(
        id="guardrail-encrypted",
        severity="medium",
        types=(GUARDRAIL,),
        what="A guardrail is encrypted by a KMS key of ours.",
        why="Nobody could take the right to read it away from everybody at once.",
        mend="set kms_key_arn",
        check=must_be_set("kmsKeyArn"),
    ),
)
