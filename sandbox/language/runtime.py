"""The layer in front of moto that answers for Bedrock's Converse API and Comprehend's detection."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from sandbox.cloud import Application
from sandbox.language import reading

_CONVERSE: Final = re.compile(r"/model/(?P<model>[^/]+)/converse")
_TARGET: Final = "Comprehend_20171127.Detect"
_MARKED: Final = re.compile(r"<(?P<mark>[\w-]+)>\n(?P<text>.*)\n</(?P=mark)>", re.DOTALL)
_ATTACK: Final = re.compile(r"\b(?:ignore|disregard|forget)\b.{0,30}\binstructions?\b|\bsystem prompt\b", re.IGNORECASE)
_LARGEST: Final = 1 << 20
_LANGUAGES: Final = ("en", "es", "fr", "de", "it", "pt")


class LanguageCloud(Protocol):
    """What this runtime needs of the cloud."""

    def wrap(self, layer: Callable[[Application], Application]) -> None:
        """Puts a layer in front of moto."""


class RefusedError(Exception):
    """An error as the service would give it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class Languages:
    """Bedrock and Comprehend as their callers know them. Build it with the cloud and call `install()`."""

    notes = (
        "Bedrock and Comprehend answer by rules and not by a model; their answers say that they are emulated",
        "a guardrail stops texts that speak of ignoring instructions, and nothing else",
    )

    def __init__(self, cloud: LanguageCloud) -> None:
        self._cloud = cloud

    def install(self) -> None:
        """Puts the layer in front of moto."""
        self._cloud.wrap(self.layer)

    def attach(self, _ledger: object) -> None:
        """Needs nothing of the program."""

    def close(self) -> None:
        """Leaves nothing behind."""

    def layer(self, application: Application) -> Application:
        """Answers what is of languages; passes on the rest."""

        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            operation = self._operation(environ)
            if operation is None:
                return application(environ, start_response)
            headers, status = [("Content-Type", "application/json")], "200 OK"
            try:
                size = min(int(environ.get("CONTENT_LENGTH") or 0), _LARGEST)
                body = operation(document_of(environ["wsgi.input"].read(size)))
            except RefusedError as error:
                status, body = "400 Bad Request", {"__type": error.code, "message": str(error)}
                headers.append(("x-amzn-ErrorType", error.code))
            content = json.dumps(body).encode()
            start_response(status, [*headers, ("Content-Length", str(len(content)))])
            return [content]

        return answer

    def _operation(self, environ: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
        if environ.get("REQUEST_METHOD") != "POST":
            return None
        if _CONVERSE.fullmatch(environ.get("PATH_INFO", "")):
            return converse
        target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
        return DETECTORS.get(target.removeprefix(_TARGET)) if target.startswith(_TARGET) else None


def document_of(body: bytes) -> dict[str, Any]:
    """A request's body."""
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RefusedError("ValidationException", "the body is not a JSON object")
    return found


def converse(asked: dict[str, Any]) -> dict[str, Any]:
    """An answer of Converse to the first message's feedback; says so in `additionalModelResponseFields`."""
    try:
        blocks = asked["messages"][0]["content"]
        said = "".join(block.get("text") or block["guardContent"]["text"]["text"] for block in blocks)
        most = int(asked.get("inferenceConfig", {}).get("maxTokens", 4096))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise RefusedError("ValidationException", "messages: a list of a role and content is needed") from None
    marked = _MARKED.search(said)
    text = marked["text"] if marked else said
    stopped = "guardrailConfig" in asked and _ATTACK.search(text)
    words = "Sorry, the guardrail does not let this pass." if stopped else json.dumps(reading.feedback(text))
    taken, given = len(json.dumps(asked["messages"])) // 4, min(most, len(words) // 4)
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": words}]}},
        "stopReason": "guardrail_intervened" if stopped else "end_turn",
        "usage": {"inputTokens": taken, "outputTokens": given, "totalTokens": taken + given},
        "metrics": {"latencyMs": 1},
        "additionalModelResponseFields": {"emulated": True},
    }


def text_of(asked: Mapping[str, Any], *, language: bool = True) -> str:
    """The text of a detection."""
    text, code = asked.get("Text"), asked.get("LanguageCode")
    if not isinstance(text, str) or not text:
        raise RefusedError("InvalidRequestException", "Text: a text of one character or more is needed")
    if language and code not in _LANGUAGES:
        raise RefusedError("UnsupportedLanguageException", f"LanguageCode {code!r}; allowed: {', '.join(_LANGUAGES)}")
    return text


def detect_sentiment(asked: dict[str, Any]) -> dict[str, Any]:
    """DetectSentiment, with `Emulated`."""
    text = text_of(asked)
    if len(text.encode()) > 5000:
        raise RefusedError("TextSizeLimitExceededException", "Text is longer than 5000 bytes")
    found = reading.sentiment(text)
    shares = {kind.capitalize(): share for kind, share in found.shares.items()}
    return {"Sentiment": found.label.upper(), "SentimentScore": shares, "Emulated": True}


def detect_personal(asked: dict[str, Any]) -> dict[str, Any]:
    """DetectPiiEntities, which gives places and no texts."""
    found = reading.spans("personal", text_of(asked))
    return {"Entities": [{key: row[key] for key in row if key != "Text"} for row in found], "Emulated": True}


DETECTORS: Final[Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "Sentiment": detect_sentiment,
    "DominantLanguage": lambda asked: {
        "Languages": reading.language(text_of(asked, language=False)),
        "Emulated": True,
    },
    "Entities": lambda asked: {"Entities": reading.spans("entities", text_of(asked)), "Emulated": True},
    "KeyPhrases": lambda asked: {"KeyPhrases": reading.spans("phrases", text_of(asked)), "Emulated": True},
    "PiiEntities": detect_personal,
}
"""End of an operation's name → what answers it."""
