"""Bedrock's Converse API as the engine: one try, and one more where the answer did not fit and time is left."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

from functions.insights import prompt
from functions.insights.logic import Analysis, EngineError
from functions.insights.schemas import Reading
from functions.insights.terms import Language
from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError, Service

_FRAME_TOKENS: Final = 400
"""Instructions and marks."""


class Bedrock:
    """Reads a text by a language model.

    Args:
        service: bedrock-runtime.
        model_id: model or inference profile.
        guardrail: id and version; None without one.
        max_tokens: longest answer.
        repair_s: time that must be left for a second try.
        new_mark: draws the mark that the text stands between.
    """

    name: Literal["bedrock"] = "bedrock"

    def __init__(
        self,
        service: Service,
        model_id: str,
        *,
        guardrail: tuple[str, str] | None,
        max_tokens: int,
        repair_s: float,
        new_mark: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service, self._path = service, f"/model/{quote(model_id, safe='')}/converse"
        self._guardrail, self._max_tokens, self._repair_s = guardrail, max_tokens, repair_s
        self._new_mark, self._clock = new_mark, clock

    def estimate(self, text: str) -> int:
        """Tokens of two tries; a token is seldom less than two characters in these languages."""
        return 2 * (len(text) // 2 + _FRAME_TOKENS + self._max_tokens)

    def language(self, _text: str, _deadline: float) -> str | None:
        """Bedrock has no operation for it."""
        return None

    def read(self, text: str, language: Language, deadline: float) -> Analysis:
        """Sentiment, needs, concerns and recommendations.

        Raises:
            EngineError: no answer that fits, in time.
        """
        mark = self._new_mark()
        messages = [{"role": "user", "content": [self._input(prompt.wrapped(text, mark))]}]
        spent = (0, 0)
        while True:
            answer = self._converse(prompt.system(language, mark), messages, deadline, spent)
            usage = answer.get("usage", {})
            spent = (spent[0] + int(usage.get("inputTokens", 0)), spent[1] + int(usage.get("outputTokens", 0)))
            extra = answer.get("additionalModelResponseFields")
            emulated = isinstance(extra, dict) and extra.get("emulated") is True
            if answer.get("stopReason") in {"guardrail_intervened", "content_filtered"}:
                raise EngineError(str(answer["stopReason"]), blocked=True, usage=spent, emulated=emulated)
            said = text_of(answer)
            reading = prompt.read(said)
            if isinstance(reading, Reading):
                return Analysis(reading.model_dump(), *spent, emulated=emulated)
            if len(messages) > 1 or deadline - self._clock() < self._repair_s:
                raise EngineError("an answer of another shape", usage=spent)
            messages += [
                {"role": "assistant", "content": [{"text": said or "-"}]},
                {"role": "user", "content": [{"text": prompt.repair(reading)}]},
            ]

    def _input(self, wrapped: str) -> dict[str, Any]:
        # The guardrail looks for attacks in what is marked as a stranger's, and not in our own instructions.
        return {"guardContent": {"text": {"text": wrapped}}} if self._guardrail else {"text": wrapped}

    def _converse(
        self, system: str, messages: list[dict[str, Any]], deadline: float, spent: tuple[int, int]
    ) -> dict[str, Any]:
        left_s = deadline - self._clock()
        if left_s <= 0:
            raise EngineError("no time left", usage=spent)
        asked: dict[str, Any] = {
            "system": [{"text": system}],
            "messages": messages,
            "inferenceConfig": {"maxTokens": self._max_tokens, "temperature": 0},
        }
        if self._guardrail:
            identifier, version = self._guardrail
            asked["guardrailConfig"] = {"guardrailIdentifier": identifier, "guardrailVersion": version}
        headers = {"content-type": "application/json", "accept": "application/json"}
        try:
            answer = json.loads(
                self._service.post(self._path, headers, json.dumps(asked).encode(), timeout_s=left_s).body
            )
        except AwsError as error:
            raise EngineError(error.code or str(error.status), usage=spent) from error
        except (AwsTimeoutError, AwsUnreachableError, ValueError) as error:
            raise EngineError(type(error).__name__, usage=spent) from error
        return answer if isinstance(answer, dict) else {}


def text_of(answer: Mapping[str, Any]) -> str:
    """The text of an answer; empty where it has another shape."""
    try:
        blocks = answer["output"]["message"]["content"]
        return "".join(str(block["text"]) for block in blocks if "text" in block)
    except (KeyError, TypeError):
        return ""
