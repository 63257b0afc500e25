"""The Guardrail component: what it stops, and a new version for new rules."""

from __future__ import annotations

from typing import Any

import pytest

from components.guardrail import Guardrail, policies
from tests.components.recorder import Recording, record

KEY = "arn:aws:kms:us-east-1:123456789012:key/data"


def run(**more: Any) -> Recording:
    args: Any = {"guardrail_name": "mlplatform-dev-insights", "key_arn": KEY, **more}
    return record(lambda: Guardrail("insights", args).may_apply())


def test_a_guardrail_and_one_published_version() -> None:
    recording = run()
    made = recording.one("aws:bedrock/guardrail:Guardrail")
    assert (made.inputs["name"], made.inputs["kmsKeyArn"]) == ("mlplatform-dev-insights", KEY)
    version = recording.one("aws:bedrock/guardrailVersion:GuardrailVersion")
    assert version.inputs["description"].startswith("rules ")


def test_attacks_are_stopped_on_their_way_in_and_rude_complaints_are_not() -> None:
    filters = policies("HIGH")["content_policy_config"]["filters_configs"]
    strengths = {row["type"]: (row["input_strength"], row["output_strength"]) for row in filters}
    assert strengths.pop("PROMPT_ATTACK") == ("HIGH", "NONE")
    assert set(strengths.values()) == {("NONE", "HIGH")}


def test_personal_data_in_answers_is_replaced() -> None:
    rows = policies("HIGH")["sensitive_information_policy_config"]["pii_entities_configs"]
    assert {"EMAIL", "NAME", "PHONE"} <= {row["type"] for row in rows}
    assert {row["action"] for row in rows} == {"ANONYMIZE"}


def test_other_rules_are_another_version() -> None:
    token = "aws:bedrock/guardrailVersion:GuardrailVersion"
    assert run().one(token).inputs != run(strength="LOW").one(token).inputs


def test_a_wrong_strength_is_refused() -> None:
    with pytest.raises(ValueError, match="strength is 'MAX'; allowed: LOW, MEDIUM, HIGH"):
        run(strength="MAX")
