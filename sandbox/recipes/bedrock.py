"""Guardrails of language models."""

from __future__ import annotations

from sandbox.recipes.recipe import Recipe

_ARN = "arn:aws:bedrock:{region}:{account}:guardrail/{hash:12}"
_BY_RULES = "the stand-in for Bedrock stops texts that speak of ignoring instructions, whatever is declared"

ROWS = {
    "aws:bedrock/guardrail:Guardrail": Recipe(
        recorded=_BY_RULES,
        id="{hash:12}",
        outputs={"guardrailArn": _ARN, "guardrailId": "{hash:12}", "version": "DRAFT", "status": "READY"},
    ),
    "aws:bedrock/guardrailVersion:GuardrailVersion": Recipe(
        recorded=_BY_RULES,
        id="{guardrailArn},1",
        outputs={"version": "1"},
    ),
}
