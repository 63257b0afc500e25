"""Resources by their token: what is registered, what can be read."""

from __future__ import annotations

from typing import Any

import pytest

from components.lean import Lean, camels
from tests.components.recorder import record


def test_inputs_are_registered_as_the_provider_names_them() -> None:
    inputs: dict[str, Any] = {
        "name": "x",
        "default_action": {"allow": {}},
        "rules": [{"rule_label_sets": [{"a_b": 1}]}],
    }
    recording = record(lambda: Lean("aws:wafv2/webAcl:WebAcl", "it", inputs, ["arn"]).out("arn"))
    made = recording.one("aws:wafv2/webAcl:WebAcl", "it").inputs
    assert made == {"name": "x", "defaultAction": {"allow": {}}, "rules": [{"ruleLabelSets": [{"aB": 1}]}]}


def test_an_output_that_was_not_asked_for_is_named() -> None:
    with pytest.raises(KeyError, match="arn"):
        record(lambda: Lean("aws:wafv2/webAcl:WebAcl", "it", {"name": "x"}).out("arn"))


def test_values_stay_as_they_are() -> None:
    assert camels({"a_b": ["c_d", 1, None, True]}) == {"aB": ["c_d", 1, None, True]}
