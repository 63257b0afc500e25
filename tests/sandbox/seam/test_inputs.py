"""The inputs of a type, read from its class or from the text of it."""

from __future__ import annotations

import pulumi_aws.sqs
import pytest

from sandbox.seam.names import _listed, input_names


def test_the_text_of_a_class_tells_the_same_as_the_class() -> None:
    assert pulumi_aws.sqs.Queue.__name__ == "Queue"
    assert _listed("sqs", "Queue") == input_names("aws:sqs/queue:Queue")


@pytest.mark.parametrize(
    ("token", "some"),
    [
        ("aws:wafv2/webAcl:WebAcl", {"defaultAction", "rules", "scope", "tags", "visibilityConfig"}),
        ("aws:bedrock/guardrail:Guardrail", {"blockedInputMessaging", "kmsKeyArn", "tags"}),
        ("aws:lambda/function:Function", {"handler", "runtime", "tags"}),
    ],
)
def test_a_type_that_is_named_by_its_token_alone_has_inputs_too(token: str, some: set[str]) -> None:
    assert some <= input_names(token)


def test_other_packages_have_none() -> None:
    assert input_names("pulumi:providers:aws") == frozenset()
