"""Bedrock and Comprehend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, one
from sandbox.rights.actions.keys import by_service

PROFILE: Final = re.compile(r"(apac|au|ca|eu|global|jp|sa|us|us-gov)\.(.+)")
"""The name of a profile that spreads over regions: where, and the model behind it."""

REGIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "us": ("us-east-1", "us-east-2", "us-west-2"),
}
"""Where a profile sends requests to; the own region where it is not listed. Models differ in it a little."""


def asked(call: Call) -> tuple[str, tuple[str, ...]]:
    """The profile that a call goes through, empty for none, and the models that it may reach."""
    name = call.text("modelId")
    short = name.split("/", 1)[-1] if name.startswith("arn:") else name
    found = PROFILE.fullmatch(short) if not name.startswith("arn:") or ":inference-profile/" in name else None
    if found is None:
        return "", (name if name.startswith("arn:") else _model(call, name),)
    # Which of its regions answers is the profile's choice: all of them have to be allowed.
    regions = REGIONS.get(found.group(1), (call.region,))
    return call.arn("bedrock", f"inference-profile/{short}"), tuple(
        _model(call, found.group(2), region) for region in regions
    )


def _model(call: Call, name: str, region: str | None = None) -> str:
    return call.arn("bedrock", f"foundation-model/{name}", region=region, account="")


def _guardrail(call: Call, name: str) -> str:
    return name if name.startswith("arn:") else call.arn("bedrock", f"guardrail/{name}")


def _invokes(action: str) -> Row:
    def row(call: Call, state: State) -> Iterable[Need]:
        config = call.params.get("guardrailConfig") or {}
        name = str(config.get("guardrailIdentifier") or call.text("guardrailIdentifier"))
        guardrail = _guardrail(call, name) if name else ""
        profile, models = asked(call)
        guarded = one("bedrock:guardrailidentifier", guardrail or None)
        if profile:
            yield Need(f"bedrock:{action}", (profile,), guarded)
        yield Need(f"bedrock:{action}", models, {**guarded, **one("bedrock:inferenceprofilearn", profile or None)})
        if guardrail:
            yield from _applies(call, state, guardrail)

    return row


def _applies(call: Call, state: State, guardrail: str) -> Iterable[Need]:
    yield Need("bedrock:ApplyGuardrail", (guardrail,))
    yield from by_service(call, state.key_of(guardrail), "bedrock", ["Decrypt"])


BEDROCK: Final[Table] = {
    "ApplyGuardrail": lambda call, state: _applies(call, state, _guardrail(call, call.text("guardrailIdentifier"))),
    "Converse": _invokes("InvokeModel"),
    "ConverseStream": _invokes("InvokeModelWithResponseStream"),
    "InvokeModel": _invokes("InvokeModel"),
    "InvokeModelWithResponseStream": _invokes("InvokeModelWithResponseStream"),
}

COMPREHEND: Final[Table] = {
    operation: anything(f"comprehend:{operation}")
    for operation in (
        "DetectDominantLanguage",
        "DetectEntities",
        "DetectKeyPhrases",
        "DetectPiiEntities",
        "DetectSentiment",
    )
}
